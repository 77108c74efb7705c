use proptest::prelude::*;

use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> Client {
    let id = "http://localhost?scope=atproto%20transition:generic&redirect_uri=http://127.0.0.1/cb";
    Client::loopback(&ClientId::parse(id).unwrap()).unwrap()
}

/// A good request with these parameters changed; an empty value stands for an absent one.
fn pushed(changes: &[(&str, &str)]) -> Parameters {
    let mut pairs = vec![
        ("client_id", client().id.as_str().to_owned()),
        ("response_type", "code".to_owned()),
        ("redirect_uri", "http://127.0.0.1:4000/cb".to_owned()),
        ("state", "state-1".to_owned()),
        ("scope", "atproto".to_owned()),
        ("code_challenge", CHALLENGE.to_owned()),
        ("code_challenge_method", "S256".to_owned()),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, (*value).to_owned()));
    }
    let body = serde_json::to_vec(&pairs.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
    Parameters::from_json(&body).unwrap()
}

fn decide(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Denial> {
    admit(&pushed(changes), &client(), None, None, &Policy::default())
}

#[test]
fn a_good_request_is_admitted_as_pushed() {
    let request = decide(&[
        ("login_hint", "Alice.test"),
        ("prompt", "login"),
        ("response_mode", "fragment"),
    ])
    .unwrap();
    assert_eq!(request.redirect_uri.as_str(), "http://127.0.0.1:4000/cb");
    assert_eq!(
        request.login_hint,
        Some(LoginHint::Handle(Handle::parse("alice.test").unwrap()))
    );
    assert_eq!(
        (request.prompt, request.response_mode),
        (Some(Prompt::Login), ResponseMode::Fragment)
    );
    assert_eq!(request.jkt, None);
}

// .. R-119
#[test]
fn each_required_parameter_is_missed_by_name() {
    for name in [
        "response_type",
        "redirect_uri",
        "state",
        "scope",
        "code_challenge",
    ] {
        assert_eq!(
            decide(&[(name, "")]),
            Err(Denial::ParameterMissing { name }),
            "{name}"
        );
    }
}

#[test]
fn each_wrong_parameter_is_refused_with_its_code() {
    for (name, value, code) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code token", "unsupported_response_type"),
        ("response_type", "CODE", "unsupported_response_type"),
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("redirect_uri", "http://127.0.0.1/cb/", "invalid_request"),
        ("redirect_uri", "http://127.0.0.1/cb?x=1", "invalid_request"),
        ("redirect_uri", "http://127.0.0.1/%63b", "invalid_request"),
        ("redirect_uri", "http://localhost/cb", "invalid_request"),
        ("scope", "transition:generic", "invalid_scope"),
        ("scope", "atproto transition:email", "invalid_scope"),
        ("scope", "atproto openid", "invalid_scope"),
        ("scope", "atproto  transition:generic", "invalid_scope"),
        ("scope", " atproto", "invalid_scope"),
        ("scope", "atproto foo", "invalid_scope"),
        ("scope", "ATPROTO", "invalid_scope"),
        ("scope", "atproto include:app.example.basic", "invalid_scope"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "s256", "invalid_request"),
        ("prompt", "register", "invalid_request"),
        ("prompt", "login consent", "invalid_request"),
        ("display", "wap", "invalid_request"),
        ("response_mode", "web_message", "invalid_request"),
        ("login_hint", "<script>", "invalid_request"),
        ("login_hint", "a@b.example", "invalid_request"),
        ("login_hint", "did:key:zabc", "invalid_request"),
        ("login_hint", "did:web:h.example:path", "invalid_request"),
        ("dpop_jkt", "short", "invalid_request"),
        ("request", "a.b.c", "request_not_supported"),
        ("request_uri", "urn:x", "invalid_request"),
        ("authorization_details", "[]", "invalid_request"),
    ] {
        assert_eq!(
            decide(&[(name, value)]).map_err(|denial| denial.code()),
            Err(code),
            "{name}={value}"
        );
    }
}

//
#[test]
fn a_state_of_a_kibibyte_is_taken_and_an_absurd_one_is_not() {
    assert!(decide(&[("state", &"s".repeat(1_024))]).is_ok());
    assert!(decide(&[("state", &"s".repeat(2_049))]).is_err());
}

//
#[test]
fn openid_only_parameters_are_ignored() {
    assert!(
        decide(&[
            ("nonce", "n"),
            ("claims", "{}"),
            ("id_token_hint", "x"),
            ("foo", "bar")
        ])
        .is_ok()
    );
}

//
#[test]
fn scope_values_sent_twice_count_once() {
    assert_eq!(
        decide(&[("scope", "atproto atproto")]).unwrap().scope.to_string(),
        "atproto"
    );
}

// D7, R-121
#[test]
fn a_strict_deployment_wants_a_proof_at_par() {
    let strict = Policy {
        proof_at_par: ProofAtPar::Required,
        ..Policy::default()
    };
    assert_eq!(
        admit(&pushed(&[]), &client(), None, None, &strict),
        Err(Denial::ProofMissing)
    );
    let jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let request = admit(&pushed(&[("dpop_jkt", jkt)]), &client(), None, None, &strict).unwrap();
    assert_eq!(request.jkt, Thumbprint::parse(jkt));
}

#[test]
fn a_request_survives_storage() {
    let request = decide(&[("login_hint", "did:plc:ewvi7nxzyoun6zhxrhs64oiz")]).unwrap();
    let stored = serde_json::to_string(&request).unwrap();
    assert_eq!(
        serde_json::from_str::<AuthorizationRequest>(&stored).unwrap(),
        request
    );
}

proptest! {
    #[test]
    fn arbitrary_values_never_panic(name in "scope|state|redirect_uri|prompt|login_hint|dpop_jkt|response_mode|display", value in "[^\\p{Cc}]{1,80}") {
        let _ = decide(&[(&name, &value)]);
    }
}
