use super::*;
use crate::fixtures;
use crate::trust::{Grant, Trust};
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::time::Seconds;
use entryway_scope::{Handle, ScopeSet};

const ADMITTED: Timestamp = fixtures::NOW;

fn signed_in(handle: &str, age: Seconds) -> SignedIn {
    let did = if handle == "alice.test" {
        fixtures::account().did
    } else {
        fixtures::other_did()
    };
    let account = Account {
        handle: Handle::parse(handle).unwrap(),
        did,
        ..fixtures::account()
    };
    SignedIn {
        account,
        authenticated_at: ADMITTED - age,
    }
}

fn step_name(request: &AuthorizationRequest, signed_in: &[SignedIn], choice: &Choice) -> String {
    step_of(request, signed_in, &Standing::default(), choice)
}

fn step_of(
    request: &AuthorizationRequest,
    signed_in: &[SignedIn],
    standing: &Standing,
    choice: &Choice,
) -> String {
    let situation = Situation {
        request,
        admitted_at: ADMITTED,
        signed_in,
        standing,
        choice,
    };
    match situation.next_step(&Policy::default(), fixtures::NOW) {
        Step::SignIn { name: None, .. } => "sign in".to_owned(),
        Step::SignIn {
            name: Some(Name::Fixed(hint)),
            ..
        } => format!("sign in as {}", hint.as_str()),
        Step::SignIn {
            name: Some(Name::Suggested(account)),
            ..
        } => format!("sign in again as {}", account.handle),
        Step::Choose(among) => format!("choose among {}", among.len()),
        Step::Consent(one) => format!("consent as {}", one.account.handle),
        Step::Grant(one) => format!("grant as {}", one.account.handle),
        Step::Refuse(denial) => denial.code().to_owned(),
    }
}

/// Accounts by name; `stale` is alice after eight days, `again` is alice just now.
fn browser(names: &str) -> Vec<SignedIn> {
    let account = |name| match name {
        "stale" => signed_in("alice.test", Seconds::days(8)),
        "again" => signed_in("alice.test", Seconds(0)),
        name => signed_in(&format!("{name}.test"), Seconds(10)),
    };
    names.split_whitespace().map(account).collect()
}

// demand 9
#[test]
fn the_next_page_follows_prompt_hint_and_choice() {
    for (prompt, hint, accounts, choice, expected) in [
        ("", "", "", "", "sign in"),
        ("", "", "alice", "", "consent as alice.test"),
        ("", "", "alice bob", "", "choose among 2"),
        ("", "", "alice bob", "alice", "consent as alice.test"),
        ("", "", "stale", "", "sign in again as alice.test"),
        ("", "", "stale bob", "alice", "sign in again as alice.test"),
        ("", "", "alice", "another", "sign in"),
        ("", "alice.test", "", "", "sign in as alice.test"),
        ("", "alice.test", "bob", "", "sign in as alice.test"),
        ("", "alice.test", "alice bob", "", "consent as alice.test"),
        ("", "bob.test", "alice bob", "alice", "consent as bob.test"),
        ("login", "", "alice", "", "sign in"),
        ("login", "", "alice", "alice", "sign in again as alice.test"),
        ("login", "", "again", "alice", "consent as alice.test"),
        ("select_account", "", "", "", "sign in"),
        ("select_account", "", "alice", "", "choose among 1"),
        ("select_account", "", "alice", "alice", "consent as alice.test"),
        ("consent", "", "alice", "", "consent as alice.test"),
        ("none", "", "", "", "login_required"),
        ("none", "", "stale", "", "login_required"),
        // a stranger among the clients does not learn who is signed in
        ("none", "", "alice", "", "login_required"),
        ("none", "", "alice bob", "", "login_required"),
        ("none", "bob.test", "alice bob", "", "login_required"),
    ] {
        let choice = match choice {
            "" => Choice::Open,
            "another" => Choice::Another,
            _ => Choice::Account(fixtures::account().did),
        };
        let request = AuthorizationRequest {
            prompt: (!prompt.is_empty()).then(|| Prompt::parse(prompt).unwrap()),
            login_hint: Handle::parse(hint).ok().map(LoginHint::Handle),
            ..fixtures::request()
        };
        let step = step_name(&request, &browser(accounts), &choice);
        assert_eq!(
            step, expected,
            "prompt {prompt} hint {hint} accounts {accounts} choice {choice:?}"
        );
    }
}

fn grant(wire: &str, known: bool) -> Grant {
    let scope = ScopeSet::parse(wire).unwrap();
    Grant { scope, known }
}

// whoever posed as the client may have been given it
#[test]
fn what_was_granted_before_the_client_was_known_is_asked_for_again() {
    for (prompt, known, expected) in [
        (Prompt::None, true, "grant as alice.test"),
        (Prompt::None, false, "login_required"),
        (Prompt::SelectAccount, true, "grant as alice.test"),
        (Prompt::SelectAccount, false, "consent as alice.test"),
    ] {
        let request = AuthorizationRequest {
            prompt: Some(prompt),
            client_key: Some(fixtures::client_key()),
            ..fixtures::request()
        };
        let did = fixtures::account().did;
        let standing = Standing {
            trust: None,
            granted: vec![(did.clone(), grant("atproto transition:generic", known))],
        };
        let step = step_of(&request, &browser("alice"), &standing, &Choice::Account(did));
        assert_eq!(step, expected, "{prompt:?} {known}");
    }
}

//
#[test]
fn only_a_known_client_is_granted_silently_and_only_what_was_granted_before() {
    let trust = Trust {
        name: "Skylight".to_owned(),
        first_party: false,
        has_logo: false,
    };
    let all = Some("atproto transition:generic transition:email");
    let (web, app, loopback) = (
        "https://app.test/cb",
        "com.example.app:/cb",
        "http://127.0.0.1:4000/",
    );
    // how the client is known: by its key, by the operator's word, or not at all
    for (by, redirect_uri, before, prompt, hint, choice, expected) in [
        ("key", web, all, "", "alice.test", "", "grant as alice.test"),
        ("key", web, all, "none", "", "", "grant as alice.test"),
        ("key", app, all, "none", "", "", "grant as alice.test"),
        ("key", web, all, "", "", "alice", "grant as alice.test"),
        ("key", web, all, "", "", "", "consent as alice.test"),
        ("trust", web, all, "", "alice.test", "", "grant as alice.test"),
        ("trust", app, all, "", "alice.test", "", "consent as alice.test"),
        ("trust", app, all, "none", "", "", "login_required"),
        (
            "trust",
            loopback,
            all,
            "",
            "alice.test",
            "",
            "consent as alice.test",
        ),
        ("trust", loopback, all, "none", "alice.test", "", "login_required"),
        ("", web, all, "", "alice.test", "", "consent as alice.test"),
        ("", web, all, "none", "", "", "login_required"),
        (
            "key",
            web,
            all,
            "consent",
            "alice.test",
            "",
            "consent as alice.test",
        ),
        (
            "key",
            web,
            all,
            "login",
            "alice.test",
            "",
            "sign in as alice.test",
        ),
        (
            "key",
            web,
            Some("atproto"),
            "",
            "alice.test",
            "",
            "consent as alice.test",
        ),
        ("key", web, Some("atproto"), "none", "", "", "consent_required"),
        ("key", web, all, "none", "bob.test", "", "login_required"),
        ("key", web, None, "none", "", "", "login_required"),
        ("trust", web, None, "", "alice.test", "", "consent as alice.test"),
    ] {
        let request = AuthorizationRequest {
            prompt: (!prompt.is_empty()).then(|| Prompt::parse(prompt).unwrap()),
            login_hint: Handle::parse(hint).ok().map(LoginHint::Handle),
            client_key: (by == "key").then(fixtures::client_key),
            redirect_uri: RedirectUri::parse(redirect_uri).unwrap(),
            ..fixtures::request()
        };
        let standing = Standing {
            trust: (by == "trust").then(|| trust.clone()),
            granted: before
                .map(|wire| (fixtures::account().did, grant(wire, true)))
                .into_iter()
                .collect(),
        };
        let choice = match choice {
            "" => Choice::Open,
            _ => Choice::Account(fixtures::account().did),
        };
        let step = step_of(&request, &browser("alice"), &standing, &choice);
        assert_eq!(
            step, expected,
            "known by {by} at {redirect_uri} before {before:?} prompt {prompt} hint {hint}"
        );
    }
}

//
#[test]
fn only_a_fresh_sign_in_of_an_active_account_decides() {
    let decide = |change: fn(&mut SignedIn)| {
        let mut one = signed_in("alice.test", Seconds(10));
        change(&mut one);
        may_decide(
            &one,
            &fixtures::request(),
            ADMITTED,
            &Policy::default(),
            fixtures::NOW,
        )
    };
    assert!(decide(|_| ()));
    assert!(decide(
        |one| one.authenticated_at = fixtures::NOW - Seconds::days(7)
    ));
    assert!(!decide(
        |one| one.authenticated_at = fixtures::NOW - Seconds::days(7) - Seconds(1)
    ));
    assert!(!decide(|one| one.account.status = AccountStatus::Deactivated));
    assert!(!decide(|one| one.account.status = AccountStatus::TakenDown));
    assert!(!decide(|one| one.account.credentials_changed_at = fixtures::NOW));
}
