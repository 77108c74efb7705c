//! Known answers and self-consistency of PLC operations.

use super::*;

/// The public log of the account `bsky.app`, as any PLC directory serves it, with the CID the directory gives.
const BSKY_APP: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";
const BSKY_APP_CIDS: [&str; 2] = [
    "bafyreigp6shzy6dlcxuowwoxz7u5nemdrkad2my5zwzpwilcnhih7bw6zm",
    "bafyreihmuvr3frdvd6vmdhucih277prdcfcezf67lasg5oekxoimnunjoq",
];

fn bsky_app() -> [Operation; 2] {
    let operation = |handle, prev: Value, sig| {
        read(json!({
            "sig": sig,
            "prev": prev,
            "type": "plc_operation",
            "services": {"atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": "https://bsky.social"}},
            "alsoKnownAs": [handle],
            "rotationKeys": [
                "did:key:zQ3shhCGUqDKjStzuDxPkTxN6ujddP4RkEKJJouJGRRkaLGbg",
                "did:key:zQ3shpKnbdPx3g3CmPf5cRVTPe1HtSwVn5ish3wSnDPQCbLJK",
            ],
            "verificationMethods": {"atproto": "did:key:zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF"},
        }))
        .unwrap()
    };
    [
        operation(
            "at://bluesky-team.bsky.social",
            Value::Null,
            "9NuYV7AqwHVTc0YuWzNV3CJafsSZWH7qCxHRUIP2xWlB-YexXC1OaYAnUayiCXLVzRQ8WBXIqF-SvZdNalwcjA",
        ),
        operation(
            "at://bsky.app",
            json!(BSKY_APP_CIDS[0]),
            "1mEWzRtFOgeRXH-YCSPTxb990JOXxa__n8Qw6BOKl7Ndm6OFFmwYKiiMqMCpAbxpnGjF5abfIsKc7u3a77Cbnw",
        ),
    ]
}

fn read(value: Value) -> Result<Operation, String> {
    serde_json::from_value(value).map_err(|fault| fault.to_string())
}

fn rotation_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32]).unwrap()
}

fn account() -> PlcData {
    let repo = SigningKey::from_bytes(&[2; 32]).unwrap();
    let rotation_keys = vec![rotation_key().public_key().to_did_key()];
    PlcData::account(
        &Handle::parse("alice.test").unwrap(),
        &repo.public_key(),
        "http://localhost:2584",
        rotation_keys,
    )
}

// C27, known answer
#[test]
fn a_public_genesis_hashes_to_its_did() {
    let [genesis, update] = bsky_app();
    assert_eq!(genesis.did().as_str(), BSKY_APP);
    assert_eq!(
        [genesis.cid().to_string(), update.cid().to_string()],
        BSKY_APP_CIDS
    );
    assert_eq!(update.prev(), Some(BSKY_APP_CIDS[0]));
}

#[test]
fn public_operations_were_signed_by_one_of_their_rotation_keys() {
    let [genesis, update] = bsky_app();
    let keys = &genesis.data().unwrap().rotation_keys;
    assert!(genesis.signer(keys).is_ok());
    assert!(update.signer(keys).is_ok());
    assert_eq!(
        update.signer(&account().rotation_keys),
        Err(RejectedSignature::Mismatch)
    );
}

// C27
#[test]
fn the_signature_is_part_of_the_did() {
    let [genesis, _] = bsky_app();
    let other = UnsignedOperation::genesis(genesis.data().unwrap().clone()).sign(&rotation_key());
    assert_eq!(other.data(), genesis.data());
    assert_ne!(other.did(), genesis.did());
}

// The same bytes by hand, so that a change of the encoder does not go unseen.
#[test]
fn a_tombstone_encodes_to_canonical_dag_cbor() {
    let tombstone = UnsignedOperation::Tombstone {
        prev: "bafy".to_owned(),
    };
    let mut expected = vec![0xa2];
    expected.extend(b"\x64prev\x64bafy");
    expected.extend(b"\x64type\x6dplc_tombstone");
    assert_eq!(wire::dag_cbor(wire::unsigned(&tombstone)), expected);
}

// Keys are sorted by length first: sig, prev, type, services, alsoKnownAs, rotationKeys, verificationMethods.
#[test]
fn the_keys_of_an_operation_are_in_dag_cbor_order() {
    let bytes = UnsignedOperation::genesis(account())
        .sign(&rotation_key())
        .to_dag_cbor();
    let position = |key: &[u8]| bytes.windows(key.len()).position(|window| window == key).unwrap();
    let order: [&[u8]; 7] = [
        b"\x63sig",
        b"\x64prev\xf6",
        b"\x64type",
        b"\x68services",
        b"\x6balsoKnownAs",
        b"\x6crotationKeys",
        b"\x73verificationMethods",
    ];
    let positions = order.map(position);
    assert!(positions.is_sorted(), "{positions:?}");
    assert_eq!(bytes[0], 0xa7);
}

#[test]
fn an_operation_reads_back_from_its_json_as_it_was() {
    for operation in bsky_app() {
        assert_eq!(read(serde_json::to_value(&operation).unwrap()), Ok(operation));
    }
}

#[test]
fn an_update_follows_and_a_tombstone_ends() {
    let genesis = UnsignedOperation::genesis(account()).sign(&rotation_key());
    let update =
        UnsignedOperation::update(&genesis, account().on_pds("http://localhost:9999")).sign(&rotation_key());
    assert_eq!(update.prev(), Some(genesis.cid().to_string().as_str()));
    assert_eq!(
        update.data().unwrap().pds_endpoint(),
        Some("http://localhost:9999")
    );
    assert_eq!(update.signer(&genesis.data().unwrap().rotation_keys), Ok(0));
    let tombstone = UnsignedOperation::tombstone(&update).sign(&rotation_key());
    assert_eq!(
        (tombstone.data(), tombstone.prev()),
        (None, Some(update.cid().to_string().as_str()))
    );
}

#[test]
fn the_index_says_which_rotation_key_signed() {
    let genesis = UnsignedOperation::genesis(account()).sign(&rotation_key());
    let other = SigningKey::from_bytes(&[3; 32])
        .unwrap()
        .public_key()
        .to_did_key();
    let mine = rotation_key().public_key().to_did_key();
    assert_eq!(genesis.signer(&["no key".to_owned(), other.clone(), mine]), Ok(2));
    assert_eq!(genesis.signer(&[other]), Err(RejectedSignature::Mismatch));
    assert_eq!(genesis.signer(&[]), Err(RejectedSignature::Mismatch));
}

#[test]
fn a_high_s_twin_of_a_signature_is_refused() {
    let genesis = UnsignedOperation::genesis(account()).sign(&rotation_key());
    let bytes = URL_SAFE_NO_PAD.decode(&genesis.sig).unwrap();
    let (r, s) = k256::ecdsa::Signature::from_slice(&bytes)
        .unwrap()
        .split_scalars();
    let twin = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    let twin = Operation {
        sig: URL_SAFE_NO_PAD.encode(twin.to_bytes()),
        ..genesis.clone()
    };
    assert_eq!(
        twin.signer(&account().rotation_keys),
        Err(RejectedSignature::HighS)
    );
}

#[test]
fn a_signature_in_another_spelling_is_refused() {
    let genesis = UnsignedOperation::genesis(account()).sign(&rotation_key());
    let bytes = URL_SAFE_NO_PAD.decode(&genesis.sig).unwrap();
    let der = k256::ecdsa::Signature::from_slice(&bytes).unwrap().to_der();
    let padded = format!("{}==", genesis.sig);
    let newline = format!("{}\n", genesis.sig);
    // 64 bytes leave 4 unused bits in the last character; in B they are not zero
    let stray_bits = format!("{}B", &genesis.sig[..85]);
    for sig in [
        String::new(),
        padded,
        newline,
        stray_bits,
        URL_SAFE_NO_PAD.encode(der.as_bytes()),
    ] {
        let respelt = Operation {
            sig,
            ..genesis.clone()
        };
        assert_eq!(
            respelt.signer(&account().rotation_keys),
            Err(RejectedSignature::Form),
            "{respelt:?}"
        );
    }
}

#[test]
fn an_object_of_another_shape_is_no_operation() {
    let genesis = serde_json::to_value(UnsignedOperation::genesis(account()).sign(&rotation_key())).unwrap();
    let with = |field: &str, value: Value| {
        let mut changed = genesis.clone();
        changed[field] = value;
        changed
    };
    let without = |field: &str| {
        let mut changed = genesis.clone();
        changed.as_object_mut().unwrap().remove(field);
        changed
    };
    for (value, fault) in [
        (json!({}), MalformedOperation::Sig),
        (without("sig"), MalformedOperation::Sig),
        (with("sig", json!(1)), MalformedOperation::Sig),
        (without("prev"), MalformedOperation::Prev),
        (with("prev", json!(["x"])), MalformedOperation::Prev),
        (without("type"), MalformedOperation::Type),
        (with("type", json!("create")), MalformedOperation::Type),
        (with("type", json!("plc_tombstone")), MalformedOperation::Data),
        (
            json!({"type": "plc_tombstone", "prev": null, "sig": ""}),
            MalformedOperation::Prev,
        ),
        (without("rotationKeys"), MalformedOperation::Data),
        (with("rotationKeys", json!([1])), MalformedOperation::Data),
        (
            with(
                "services",
                json!({"atproto_pds": {"type": "x", "endpoint": "y", "extra": 1}}),
            ),
            MalformedOperation::Data,
        ),
        (with("extra", json!(1)), MalformedOperation::Data),
    ] {
        assert_eq!(read(value), Err(fault.to_string()));
    }
}

#[test]
fn the_document_names_key_handle_and_pds() {
    let did = bsky_app()[0].did();
    let document = bsky_app()[1].data().unwrap().document(&did);
    assert_eq!(
        serde_json::to_value(&document).unwrap(),
        json!({
            "@context": [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/multikey/v1",
                "https://w3id.org/security/suites/secp256k1-2019/v1",
            ],
            "id": BSKY_APP,
            "alsoKnownAs": ["at://bsky.app"],
            "verificationMethod": [{
                "id": format!("{BSKY_APP}#atproto"),
                "type": "Multikey",
                "controller": BSKY_APP,
                "publicKeyMultibase": "zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF",
            }],
            "service": [{
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": "https://bsky.social",
            }],
        })
    );
    assert_eq!(document.pds_endpoint(), Some("https://bsky.social"));
    assert_eq!(document.handle(), Handle::parse("bsky.app").ok());
    assert!(document.signing_key().is_some());
}

/// What the directory's own library makes of keys of 32 times 1 (ours), 2 (the repository's) and 3 (the
/// person's): @did-plc/lib 0.0.4, `createOp`, `updateHandleOp` and `tombstoneOp`.
const MADE_DID: &str = "did:plc:wuyjtzrvibln3fzga23n3d7n";
const MADE_CIDS: [&str; 3] = [
    "bafyreifvgcm6mnkak3ozojqgw3oy73lurxqgsb3dd66v2y7fcoqqq4xphi",
    "bafyreih57a7dn5aeaf6gqigmgzcznxj7uqja4rety7qb7vqodlvkjx2bgi",
    "bafyreief7hdy7f42xkhyrqekkchjqs5gbbzbbv5jvqzfoovuyaastbrrwm",
];

// C27, known answer: signatures are deterministic, so the whole life of a DID is
#[test]
fn a_life_of_a_did_is_the_one_that_another_library_makes() {
    let [ours, repo, theirs] = [1, 2, 3].map(|n| SigningKey::from_bytes(&[n; 32]).unwrap());
    let [alice, bob] =
        ["alice.entryway.example", "bob.entryway.example"].map(|it| Handle::parse(it).unwrap());
    let rotation_keys = PlcData::rotation_keys_of_account(Some(&theirs.public_key()), &ours.public_key());
    let data = PlcData::account(&alice, &repo.public_key(), "https://pds.example", rotation_keys);
    let genesis = UnsignedOperation::genesis(data.clone()).sign(&ours);
    let update = UnsignedOperation::update(&genesis, data.with_handle(&bob)).sign(&ours);
    let tombstone = UnsignedOperation::tombstone(&update).sign(&ours);
    assert_eq!(genesis.did().as_str(), MADE_DID);
    assert_eq!(
        [&genesis, &update, &tombstone].map(|operation| operation.cid().to_string()),
        MADE_CIDS
    );
    assert_eq!(genesis.signer(&genesis.data().unwrap().rotation_keys), Ok(1));
}

#[test]
fn an_operation_reads_back_from_the_text_it_is_kept_as() {
    let genesis = UnsignedOperation::genesis(account()).sign(&rotation_key());
    let read: Operation = serde_json::from_str(&genesis.to_json()).unwrap();
    assert_eq!((read.cid(), &read), (genesis.cid(), &genesis));
    let following = UnsignedOperation::following(&genesis.cid().to_string(), account());
    assert_eq!(following, UnsignedOperation::update(&genesis, account()));
}

#[test]
fn another_handle_takes_the_place_of_the_old_one_and_of_nothing_else() {
    let bob = Handle::parse("bob.test").unwrap();
    for (before, after) in [
        (vec![], vec!["at://bob.test"]),
        (vec!["at://alice.test"], vec!["at://bob.test"]),
        (vec!["at://bob.test"], vec!["at://bob.test"]),
        (
            vec!["https://alice.test", "at://alice.test", "at://second.test"],
            vec!["https://alice.test", "at://bob.test", "at://second.test"],
        ),
        (
            vec!["at://alice.test", "https://x.test", "at://bob.test"],
            vec!["at://bob.test", "https://x.test"],
        ),
        (
            vec!["https://alice.test"],
            vec!["at://bob.test", "https://alice.test"],
        ),
    ] {
        let data = PlcData {
            also_known_as: before.iter().map(|name| (*name).to_owned()).collect(),
            ..account()
        };
        let changed = data.clone().with_handle(&bob);
        assert_eq!(changed.also_known_as, after, "{before:?}");
        assert_eq!(
            PlcData {
                also_known_as: data.also_known_as.clone(),
                ..changed
            },
            data
        );
    }
}

// contract 6, item 8
#[test]
fn a_key_that_was_taken_out_may_change_nothing() {
    let (ours, theirs) = (
        rotation_key().public_key(),
        SigningKey::from_bytes(&[3; 32]).unwrap().public_key(),
    );
    assert!(account().may_be_changed_by(&ours));
    let taken = account().changed(PlcChange {
        rotation_keys: Some(vec![theirs.to_did_key()]),
        ..PlcChange::default()
    });
    assert!(!taken.may_be_changed_by(&ours) && taken.may_be_changed_by(&theirs));
    assert_eq!(taken.also_known_as, account().also_known_as);
    assert_eq!(account().changed(PlcChange::default()), account());
}
