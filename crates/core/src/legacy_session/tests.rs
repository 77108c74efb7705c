use entryway_oauth::session_token::{verify_access, verify_refresh};

use super::*;
use crate::account::{Account, AccountStatus};
use crate::fixtures::{self, NOW};
use crate::refresh_token::RefreshTokenKey;

mod admission;
mod refreshing;
mod signing_in;

fn key() -> LegacyRefreshKey {
    LegacyRefreshKey::new(&ServerKey::new([1; 32]))
}

fn app_password(kind: AppPasswordKind) -> Basis {
    Basis::AppPassword {
        name: AppPasswordName::parse("my bot").unwrap(),
        kind,
    }
}

/// A session that was begun a day ago and never refreshed.
fn session() -> LegacySession {
    LegacySession::begin(
        fixtures::account().did,
        Basis::AccountPassword,
        SessionId::from_entropy([2; 16]),
        [3; 16],
        &LegacyLifetimes::default(),
        NOW - Seconds::days(1),
    )
}

fn jti(session: &LegacySession, generation: u32) -> UnverifiedJti {
    let text = key().jti(session.id, &session.salt, generation);
    key().parse(&text).unwrap()
}

struct Issued {
    access: SessionAccessClaims,
    refresh: SessionRefreshClaims,
}

/// What the verifiers read of the tokens of a generation.
fn issued(session: &LegacySession, generation: u32, now: Timestamp) -> Issued {
    let signing_key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
    let issuer = Issuer::parse("https://entryway.example").unwrap();
    let service = Did::parse("did:web:entryway.example").unwrap();
    let issuance = Issuance {
        issuer: &issuer,
        service: &service,
        pds_did: "did:web:pds.test",
        signing_key: &signing_key,
        refresh_key: &key(),
        lifetimes: &LegacyLifetimes::default(),
    };
    let pair = session.tokens(generation, TokenId::from_entropy([5; 16]), &issuance, now);
    let keys = [signing_key.public().clone()];
    let access = verify_access(pair.access.expose(), &keys, &issuer).unwrap();
    let refresh = verify_refresh(pair.refresh.expose(), &keys, &issuer, &service).unwrap();
    Issued {
        access: access.unexpired(now).unwrap(),
        refresh: refresh.unexpired(now).unwrap(),
    }
}

// E8, E9
#[test]
fn the_tokens_of_a_session_are_for_the_account_its_host_and_us() {
    let session = LegacySession {
        basis: app_password(AppPasswordKind::Privileged),
        ..session()
    };
    let Issued { access, refresh } = issued(&session, 1, NOW);
    assert_eq!(
        (access.sub, access.aud.as_str(), access.scope, access.sid),
        (
            session.did.clone(),
            "did:web:pds.test",
            SessionScope::AppPassPrivileged,
            session.id
        )
    );
    assert_eq!((access.iat, access.exp), (NOW, NOW + Seconds::minutes(15)));
    assert_eq!(
        (refresh.sub, refresh.aud.as_str(), refresh.exp),
        (
            session.did.clone(),
            "did:web:entryway.example",
            session.expires_at
        )
    );
    assert_eq!(key().parse(&refresh.jti), Ok(jti(&session, 1)));
}

//
#[test]
fn a_jti_is_nothing_but_a_generation_of_its_own_session_and_purpose() {
    let (session, root) = (session(), ServerKey::new([1; 32]));
    let text = key().jti(session.id, &session.salt, 1);
    assert_eq!(text, key().jti(session.id, &session.salt, 1));
    assert_ne!(text, key().jti(session.id, &session.salt, 2));
    let oauth = RefreshTokenKey::new(&root).mint(session.id, &session.salt, 1);
    let other = LegacyRefreshKey::new(&ServerKey::new([9; 32])).jti(session.id, &session.salt, 1);
    for bad in [
        "",
        "1",
        &text[1..],
        &format!("{text}A"),
        &other,
        oauth.expose(),
        &oauth.expose()[4..],
        &"A".repeat(100_000),
    ] {
        assert_eq!(key().parse(bad), Err(XrpcDenial::TokenUnverified), "{bad:.40}");
    }
    assert!(RefreshTokenKey::new(&root).parse(&format!("ref-{text}")).is_err());
}

#[test]
fn what_is_stored_of_the_last_rotations_reads_back_and_is_bounded() {
    let text = (0..16).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for fine in ["", "0", "-5", "1700000000,1699999999", &text] {
        assert_eq!(
            Superseded::parse(fine).map(|it| it.to_string()).as_deref(),
            Some(fine)
        );
    }
    for bad in [
        ",",
        "1,",
        ",1",
        "1 ,2",
        "x",
        "1.5",
        "99999999999999999999",
        &format!("{text},16"),
    ] {
        assert_eq!(Superseded::parse(bad), None, "{bad}");
    }
    let mut superseded = Superseded::default();
    for n in 0..100 {
        superseded = superseded.after(Seconds::minutes(120), NOW + Seconds(n));
    }
    assert_eq!(Superseded::parse(&superseded.to_string()), Some(superseded));
}

#[test]
fn only_a_session_of_a_takedown_is_not_stored() {
    for (basis, scope, stored) in [
        (Basis::AccountPassword, SessionScope::Access, true),
        (app_password(AppPasswordKind::Plain), SessionScope::AppPass, true),
        (
            app_password(AppPasswordKind::Privileged),
            SessionScope::AppPassPrivileged,
            true,
        ),
        (Basis::TakenDown, SessionScope::Takendown, false),
    ] {
        assert_eq!((basis.scope(), basis.is_stored()), (scope, stored));
    }
}
