//! Statements that no issuer makes.

use proptest::prelude::*;

use super::*;

#[test]
fn headers_that_choose_how_they_are_read_are_refused() {
    let kid = key().kid();
    let claims = claims_of(&head()).to_string();
    let typ = "entryway-feed-head+jwt";
    for (header, refused) in [
        (
            json!({"alg": "none", "kid": kid, "typ": typ}),
            InvalidStatement::Malformed,
        ),
        (
            json!({"alg": "HS256", "kid": kid, "typ": typ}),
            InvalidStatement::Malformed,
        ),
        (
            json!({"alg": "ES256K", "kid": kid, "typ": typ}),
            InvalidStatement::Malformed,
        ),
        (
            json!({"alg": ["ES256"], "kid": kid, "typ": typ}),
            InvalidStatement::Malformed,
        ),
        (json!({"alg": "ES256", "typ": typ}), InvalidStatement::Malformed),
        (json!({"alg": "ES256", "kid": kid}), InvalidStatement::Malformed),
        (
            json!({"alg": "ES256", "kid": kid, "typ": typ, "crit": null}),
            InvalidStatement::Malformed,
        ),
        (
            json!({"alg": "ES256", "kid": &kid[5..], "typ": typ}),
            InvalidStatement::Signature,
        ),
        (json!([]), InvalidStatement::Malformed),
    ] {
        assert_eq!(
            believed(&signed(&header.to_string(), &claims)),
            Err(refused),
            "{header}"
        );
    }
    let twice = header(typ).replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(
        believed(&signed(&twice, &claims)),
        Err(InvalidStatement::Repeated)
    );
}

#[test]
fn a_kind_nobody_knows_is_told_apart_so_that_it_is_never_skipped() {
    let session = event(of_each_kind().remove(0));
    for kind in ["device", "Session", "", "keys"] {
        assert_eq!(
            believed(&changed(&session, &json!({"kind": kind}))),
            Err(InvalidStatement::KindUnknown),
            "{kind}"
        );
    }
    for kind in [json!(null), json!(1), json!(["session"])] {
        assert_eq!(
            believed(&changed(&session, &json!({"kind": kind}))),
            Err(InvalidStatement::Claims),
            "{kind}"
        );
    }
}

#[test]
fn claims_of_the_wrong_shape_are_refused() {
    let grant = event(of_each_kind().remove(1));
    for changes in [
        json!({"iss": "https://entryway.example/"}),
        json!({"iss": null}),
        json!({"seq": -1}),
        json!({"seq": 1.5}),
        json!({"seq": "7"}),
        json!({"iat": "now"}),
        json!({"until": null}),
        json!({"sub": "alice.test"}),
        json!({"client_id": 7}),
        json!({"sessions": null}),
        json!({"sessions": "ses-00000000000000000000000000000000"}),
        json!({"sessions": ["ses-0"]}),
        json!({"sessions": [null]}),
        json!({"jkt": key().public().thumbprint()}),
        json!({"kind": "account"}),
        json!({"kind": "key"}),
    ] {
        assert_eq!(
            believed(&changed(&grant, &changes)),
            Err(InvalidStatement::Claims),
            "{changes}"
        );
    }
    assert!(believed(&changed(&grant, &json!({"reason": "lost device"}))).is_ok());
    for payload in ["", "null", "[]", "{}", "{", "\"\""] {
        assert_eq!(
            believed(&signed_event(payload)),
            Err(InvalidStatement::Claims),
            "{payload}"
        );
    }
}

#[test]
fn members_given_twice_are_refused_known_or_not() {
    let claims = claims_of(&event(of_each_kind().remove(0))).to_string();
    for first in [
        r#""seq":6,"#,
        r#""kind":"device","#,
        r#""x":1,"x":1,"#,
        r#""\u0073eq":6,"#,
    ] {
        let twice = claims.replacen('{', &format!("{{{first}"), 1);
        assert_eq!(
            believed(&signed_event(&twice)),
            Err(InvalidStatement::Repeated),
            "{first}"
        );
    }
}

#[test]
fn numbers_and_instants_that_cannot_be_are_refused() {
    let session = event(of_each_kind().remove(0));
    let now = NOW.seconds();
    for (statement, changes, fine) in [
        (&session, json!({"seq": 0}), false),
        (&session, json!({"seq": 1}), true),
        (&session, json!({"seq": i64::MAX}), true),
        (&session, json!({"seq": i64::MAX.unsigned_abs() + 1}), false),
        (&session, json!({"until": now - 1}), false),
        (&session, json!({"until": now}), true),
        (&session, json!({"until": i64::MAX}), true),
        (&session, json!({"iat": -1}), false),
        (&head(), json!({"seq": 0, "oldest": 0}), false),
        (&head(), json!({"seq": 0, "oldest": 1}), true),
        (&head(), json!({"seq": 0, "oldest": 2}), false),
        (&head(), json!({"oldest": 8}), true),
        (&head(), json!({"oldest": 9}), false),
        (&head(), json!({"seq": u64::MAX}), false),
        (&head(), json!({"iat": -1}), false),
    ] {
        let read = believed(&changed(statement, &changes));
        assert_eq!(read.is_ok(), fine, "{changes}");
        assert!(fine || read == Err(InvalidStatement::Inconsistent), "{changes}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}|.{0,100}") {
        prop_assert!(believed(&text).is_err());
        let _ = FeedRequest::parse(&text);
    }

    #[test]
    fn arbitrary_signed_payloads_never_panic(
        payload in "[{}\\[\\]\",:a-z0-9]{0,60}|.{0,60}", name in "[a-z_]{1,9}", value in "[-0-9a-z\"\\[\\]{}]{0,30}"
    ) {
        let _ = believed(&signed_event(&payload));
        let claims = claims_of(&event(of_each_kind().remove(0))).to_string();
        let _ = believed(&signed_event(&claims.replacen('{', &format!("{{\"{name}\":{value},"), 1)));
    }
}
