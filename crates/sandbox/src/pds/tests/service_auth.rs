//! Tokens for other services.

use entryway_oauth::jws::UnverifiedJws;

use super::app::authorized;
use super::*;

const SEARCH: &str = "did:web:api.jotter.test#search";
const FIND: &str = "test.jotter.findNotes";
const GRANTED: &str = "atproto rpc:test.jotter.findNotes?aud=did:web:api.jotter.test%23search";

impl Fixture {
    async fn service_token(&self, did: &Did, scope: &str, parameters: &[(&str, &str)]) -> Answer {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let request = Request::get(format!("/xrpc/com.atproto.server.getServiceAuth?{query}"));
        let request = request.body(Body::empty()).unwrap();
        self.send(authorized(request, did, scope)).await
    }
}

#[tokio::test]
async fn a_token_says_who_calls_what_where_by_the_key_of_the_account() {
    let (fixture, alice) = Fixture::with_alice().await;
    let parameters = [("aud", SEARCH), ("lxm", FIND)];
    let answer = fixture.service_token(&alice, GRANTED, &parameters).await.json();
    let token = answer["token"].as_str().unwrap();
    let claims: Value = UnverifiedJws::parse(token).unwrap().unverified_claims().unwrap();
    let jti = &claims["jti"];
    let now = NOW.seconds();
    assert_eq!(
        claims,
        json!({ "iss": alice, "aud": SEARCH, "lxm": FIND, "iat": now, "exp": now + 60, "jti": jti })
    );
    let document = fixture.directory.last(&alice).unwrap();
    let key = document.data().unwrap().document(&alice).signing_key().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature);
    assert_eq!(key.verify(signed.as_bytes(), &signature.unwrap()), Ok(()));

    let again = fixture.service_token(&alice, GRANTED, &parameters).await.json();
    assert_ne!(again["token"], token);
}

// contract section 5.4: the audience is compared as it is given
#[tokio::test]
async fn a_token_needs_the_permission_for_this_method_of_this_service() {
    let (fixture, alice) = Fixture::with_alice().await;
    let any_audience = "atproto rpc:test.jotter.findNotes?aud=*";
    let any_method = "atproto rpc:*?aud=did:web:api.jotter.test%23search";
    let bare = "did:web:api.jotter.test";
    for (scope, audience, method, allowed) in [
        (GRANTED, SEARCH, Some(FIND), true),
        (GRANTED, SEARCH, Some("test.jotter.suggestTags"), false),
        (GRANTED, SEARCH, None, false),
        (GRANTED, bare, Some(FIND), false),
        (GRANTED, "did:web:other.test#search", Some(FIND), false),
        (any_audience, bare, Some(FIND), true),
        (any_method, SEARCH, None, true),
        ("atproto repo:test.jotter.note", SEARCH, Some(FIND), false),
        ("atproto transition:generic", SEARCH, Some(FIND), true),
    ] {
        let mut parameters = vec![("aud", audience)];
        parameters.extend(method.map(|method| ("lxm", method)));
        let answer = fixture.service_token(&alice, scope, &parameters).await;
        if allowed {
            assert_eq!(answer.status, 200, "{scope} {parameters:?}");
        } else {
            let refused = (403, "ScopeMissingError".to_owned());
            assert_eq!(answer.error(), refused, "{scope} {parameters:?}");
        }
    }
}

#[tokio::test]
async fn a_token_is_short_lived_and_not_for_what_is_protected() {
    let (fixture, alice) = Fixture::with_alice().await;
    let at = |seconds: i64| (NOW.seconds() + seconds).to_string();
    for (expires_at, method, error) in [
        (at(0), Some(FIND), None),
        (at(3600), Some(FIND), None),
        (at(60), None, None),
        (at(-1), Some(FIND), Some("BadExpiration")),
        (at(3601), Some(FIND), Some("BadExpiration")),
        (at(61), None, Some("BadExpiration")),
        (i64::MAX.to_string(), Some(FIND), Some("BadExpiration")),
        (i64::MIN.to_string(), Some(FIND), Some("BadExpiration")),
        ("soon".to_owned(), Some(FIND), Some("InvalidRequest")),
        (
            at(60),
            Some("com.atproto.server.createAppPassword"),
            Some("InvalidRequest"),
        ),
        (at(60), Some("createAppPassword"), Some("InvalidRequest")),
    ] {
        let mut parameters = vec![("aud", SEARCH), ("exp", &expires_at)];
        parameters.extend(method.map(|method| ("lxm", method)));
        let answer = fixture
            .service_token(&alice, "atproto transition:generic", &parameters)
            .await;
        match error {
            None => assert_eq!(answer.status, 200, "{parameters:?}"),
            Some(error) => assert_eq!(answer.error(), (400, error.to_owned()), "{parameters:?}"),
        }
    }
    for audience in ["", "api.jotter.test", "did:web:api.jotter.test#", "*"] {
        let answer = fixture
            .service_token(&alice, "atproto transition:generic", &[("aud", audience)])
            .await;
        assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()), "{audience}");
    }
}
