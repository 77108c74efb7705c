use entryway_scope::Handle;

use super::*;
use crate::fixtures::NOW;
use crate::handle::{HandleDomains, HandleRules, ReservedNames};
use crate::invite::{Invitation, InviteCode};

mod crashes;
mod holding;
mod tables;
mod world;

fn id() -> SignUpId {
    SignUpId::from_entropy([9; 16])
}

fn did(n: usize) -> Did {
    let letter = |n: usize| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[n % 32]);
    let hash: String = (0..24)
        .map(|at| if at == 0 { letter(n) } else { letter(n / 32) })
        .collect();
    Did::parse(&format!("did:plc:{hash}")).unwrap()
}

fn request() -> SignUpRequest {
    SignUpRequest {
        handle: Handle::parse("alice.test").unwrap(),
        email: crate::email::EmailAddress::parse("alice@mail.example").unwrap(),
        invite: None,
        recovery_key: None,
        arrival: None,
    }
}

fn password() -> PasswordHash {
    PasswordHash::new("$argon2id$x".to_owned())
}

fn admitted() -> SignUp {
    SignUp::admit(id(), request(), password(), "did:web:pds.test".to_owned(), NOW)
}

fn made(prev: Option<&str>) -> Made {
    Made {
        did: did(1),
        signing_key: "key-1".to_owned(),
        operation: "{}".to_owned(),
        cid: "cid-1".to_owned(),
        prev: prev.map(str::to_owned),
    }
}

fn at(stage: Stage) -> SignUp {
    SignUp { stage, ..admitted() }
}

/// The same request of somebody who lives elsewhere, with the DID of number 900.
fn arriving() -> SignUpRequest {
    SignUpRequest {
        arrival: Some(Arrival {
            follows: Follows {
                did: did(900),
                last: "cid-before".to_owned(),
            },
            before: "key-before".to_owned(),
            brought: None,
        }),
        ..request()
    }
}
