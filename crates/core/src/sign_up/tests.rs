use entryway_scope::Handle;

use super::*;
use crate::fixtures::NOW;

mod crashes;
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
    }
}

fn password() -> PasswordHash {
    PasswordHash::new("$argon2id$x".to_owned())
}

fn admitted() -> SignUp {
    SignUp::admit(id(), request(), password(), "did:web:pds.test".to_owned(), NOW)
}
