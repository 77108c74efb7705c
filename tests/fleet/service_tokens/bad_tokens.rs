//! Service tokens that no PDS of ours made for this call (R-491, R-492, R-495).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::service_token::InvalidServiceToken as Fault;
use entryway_tests::{Engine, World, both_engines, compact};
use serde_json::{Value, json};

use super::assert_invalid;
use super::token::{Signer, draw, signed_by};
use crate::scene::{GET_SESSION, Session, lived_in};
use crate::xrpc::{assert_refused, query};

// R-491
async fn a_claim_that_does_not_fit_is_refused_by_its_name(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let (server, now) = (&signer.world.server, signer.world.server.now());
    let service = server.config().service_did.to_string();
    let fragment = format!("{}#atproto", signer.did);
    for (name, value, fault) in [
        ("exp", Some(json!(now)), Fault::Expired),
        ("exp", Some(json!(now - 60)), Fault::Expired),
        ("exp", Some(json!(now + 301)), Fault::LongLived),
        ("exp", Some(json!("soon")), Fault::Malformed),
        ("exp", None, Fault::Malformed),
        ("iat", Some(json!(now + 241)), Fault::Early),
        ("nbf", Some(json!(now + 241)), Fault::Early),
        ("aud", Some(json!(signer.world.hosts[0].did)), Fault::Audience),
        ("aud", Some(json!(format!("{service}#entryway"))), Fault::Audience),
        ("aud", Some(json!("*")), Fault::Audience),
        ("aud", Some(json!([service])), Fault::Malformed),
        ("aud", None, Fault::Malformed),
        (
            "lxm",
            Some(json!("com.atproto.server.createAppPassword")),
            Fault::Method,
        ),
        ("lxm", Some(json!("com.atproto.server.getsession")), Fault::Method),
        ("lxm", Some(json!("*")), Fault::Method),
        ("lxm", None, Fault::Method),
        ("iss", Some(json!(fragment)), Fault::Issuer),
        ("iss", Some(json!("carol.test")), Fault::Issuer),
        (
            "iss",
            Some(json!("did:plc:nobodynobodynobodynobody")),
            Fault::Stranger,
        ),
        ("iss", Some(json!("did:web:attacker.example")), Fault::Stranger),
        ("iss", None, Fault::Malformed),
        (
            "sub",
            Some(json!("did:plc:nobodynobodynobodynobody")),
            Fault::Issuer,
        ),
        ("jti", Some(json!("")), Fault::Malformed),
        ("jti", Some(json!("x".repeat(257))), Fault::Malformed),
        ("jti", None, Fault::Malformed),
    ] {
        let token = signer.changed(name, value);
        let reply = query(GET_SESSION).bearer(&token).send(server).await;
        assert_invalid(&reply, fault);
    }
    // A8
    let token = signer.changed("aud", Some(json!(server.issuer())));
    let reply = query(GET_SESSION).bearer(&token).send(server).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "InvalidRequest")
    );
    assert!(reply.member("message").contains(service.as_str()), "{reply:?}");
    for (name, value) in [
        ("exp", json!(now + 1)),
        ("exp", json!(now + 300)),
        ("iat", json!(now + 240)),
        ("iat", json!(now - 3600)),
        ("sub", json!(signer.did)),
        ("unknown", json!({"a": 1})),
    ] {
        let token = signer.changed(name, Some(value));
        let reply = query(GET_SESSION).bearer(&token).send(server).await;
        assert_eq!(reply.code(), 200, "{name}: {reply:?}");
    }
}

// R-477, R-492, R-497
async fn a_token_of_another_kind_or_key_is_refused(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let claims = signer.claims(GET_SESSION);
    for (header, fault) in [
        (json!({"typ": "JWT", "alg": "none"}), Fault::Algorithm),
        (json!({"typ": "JWT", "alg": "HS256"}), Fault::Algorithm),
        (json!({"typ": "JWT", "alg": "ES256"}), Fault::Signature),
        (
            json!({"typ": "JWT", "alg": "ES256K", "kid": "#atproto_labeler"}),
            Fault::Algorithm,
        ),
        (
            json!({"typ": "JWT", "alg": "ES256K", "crit": ["exp"]}),
            Fault::Algorithm,
        ),
        (json!({"typ": "JWT"}), Fault::Malformed),
    ] {
        let reply = query(GET_SESSION)
            .bearer(&signer.signed(&header, &claims))
            .send(server)
            .await;
        assert_invalid(&reply, fault);
    }
    // what says it is another kind of token is judged as that
    for typ in ["at+jwt", "refresh+jwt", "dpop+jwt"] {
        let header = json!({"typ": typ, "alg": "ES256K"});
        let reply = query(GET_SESSION)
            .bearer(&signer.signed(&header, &claims))
            .send(server)
            .await;
        assert_refused(&reply, 400, "InvalidToken", "Token could not be verified");
    }
    let header = r#"{"typ":"JWT","alg":"ES256K"}"#;
    let by_another = signed_by(&draw(), header, &claims.to_string());
    // attack: the entryway's own key, which signs for every account but as none
    let by_rotation_key = signed_by(&server.app().keys().plc_rotation, header, &claims.to_string());
    let p256 = compact(
        &entryway_tests::Key::generate(),
        r#"{"typ":"JWT","alg":"ES256"}"#,
        &claims.to_string(),
    );
    for token in [by_another, by_rotation_key, p256] {
        let reply = query(GET_SESSION).bearer(&token).send(server).await;
        assert_invalid(&reply, Fault::Signature);
    }
    let twice = claims
        .to_string()
        .replacen('{', r#"{"lxm":"com.atproto.server.getSession","#, 1);
    let reply = query(GET_SESSION)
        .bearer(&signed_by(&signer.key, header, &twice))
        .send(server)
        .await;
    assert_invalid(&reply, Fault::Malformed);
}

// R-495: taken, as the reference does; and it does not make a used token a new one
async fn the_other_signature_of_a_message_is_taken_and_counts_as_the_same_token(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let token = signer.token(GET_SESSION);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let low = k256::ecdsa::Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let high = k256::ecdsa::Signature::from_scalars(*low.r(), -*low.s()).unwrap();
    assert_ne!(high.normalize_s(), high);
    let malleated = format!("{message}.{}", URL_SAFE_NO_PAD.encode(high.to_bytes()));
    assert_eq!(
        query(GET_SESSION).bearer(&malleated).send(server).await.code(),
        200
    );
    assert_invalid(
        &query(GET_SESSION).bearer(&token).send(server).await,
        Fault::Replayed,
    );
}

// contract 2.1: an account of ours, on a host of ours
async fn an_account_on_no_host_of_the_fleet_is_nobodys_to_speak_for(engine: Engine) {
    let world = World::start(engine, 1).await;
    let signer = Signer::settle_on(world, "did:web:elsewhere.test").await;
    let reply = query(GET_SESSION)
        .bearer(&signer.token(GET_SESSION))
        .send(&signer.world.server)
        .await;
    assert_invalid(&reply, Fault::Stranger);
}

// R-478: neither is the owner of an account its PDS
async fn a_session_token_is_no_service_token_whatever_it_is_called(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let (_, rest) = session.access.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.encode(Value::to_string(&json!({"typ": "JWT", "alg": "ES256K"})));
    let renamed = format!("{header}.{rest}");
    let reply = query(GET_SESSION).bearer(&renamed).send(&world.server).await;
    assert_eq!(reply.code(), 401, "{reply:?}");
}

both_engines! {
    a_claim_that_does_not_fit_is_refused_by_its_name,
    a_token_of_another_kind_or_key_is_refused,
    the_other_signature_of_a_message_is_taken_and_counts_as_the_same_token,
    an_account_on_no_host_of_the_fleet_is_nobodys_to_speak_for,
    a_session_token_is_no_service_token_whatever_it_is_called,
}
