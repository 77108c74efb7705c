//! Archives of the reference implementation.
//!
//! Made by `getRecords` of the npm package `@atproto/repo` 0.9.1 from a repository of 41 records: a
//! permission set, and 40 posts `com.example.blog.post/k0` and on. The private keys are 32 bytes of 7
//! (secp256k1) and of 9 (P-256).

use entryway_scope::Nsid;
use serde_json::json;

use super::{did, fields};
use crate::did::PublicKey;
use crate::repo_proof::{Claim, Found, RecordPath, Tid};

/// Key, archive of a permission set, and archive of one that there is not.
const REFERENCE: [(&str, &[u8], &[u8]); 2] = [
    (
        "did:key:zQ3shXgWjVsCJsv9mBm6kVqFSjAnErMg3zG9CcyvmUCCaFRCr",
        include_bytes!("reference/k256-lexicon.car"),
        include_bytes!("reference/k256-absent.car"),
    ),
    (
        "did:key:zDnaeY3trVxVedZS1deaj8NG4QRMu5yrkGMAmcq4VWMckY7fA",
        include_bytes!("reference/p256-lexicon.car"),
        include_bytes!("reference/p256-absent.car"),
    ),
];

//
#[test]
fn what_the_reference_implementation_proves_is_proven_here() {
    for (key, lexicon, absent) in REFERENCE {
        let verify = |archive, name: &str| {
            let claim = Claim {
                did: &did(),
                signing_key: &PublicKey::from_did_key(key).unwrap(),
                path: &RecordPath::of_lexicon(&Nsid::parse(name).unwrap()),
            };
            crate::repo_proof::verify(archive, &claim).unwrap()
        };
        let proof = verify(lexicon, "com.example.blog.auth");
        assert_eq!(proof.rev, "3lhhxizu5wr2d".parse::<Tid>().unwrap());
        assert_eq!(
            fields(&proof),
            Some(json!({
                "$type": "com.atproto.lexicon.schema",
                "lexicon": 1,
                "id": "com.example.blog.auth",
                "defs": {
                    "main": {
                        "type": "permission-set",
                        "title": "Example",
                        "permissions": [
                            {"type": "permission", "resource": "repo", "collection": ["com.example.blog.post"]},
                        ],
                    },
                },
            }))
        );
        assert_eq!(verify(absent, "com.example.blog.none").found, Found::Absent);
    }
}
