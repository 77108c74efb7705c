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
        standing,
        ..situation(request, signed_in, choice)
    };
    name_of(&situation.next_step(&Policy::default(), fixtures::NOW))
}

fn situation<'a>(
    request: &'a AuthorizationRequest,
    signed_in: &'a [SignedIn],
    choice: &'a Choice,
) -> Situation<'a> {
    Situation {
        request,
        admitted_at: ADMITTED,
        signed_in,
        standing: stranger(),
        choice,
        errand: Errand::Answer,
        makes_accounts: false,
    }
}

/// A client of which nobody said anything.
fn stranger() -> &'static Standing {
    static STRANGER: std::sync::LazyLock<Standing> = std::sync::LazyLock::new(Standing::default);
    &STRANGER
}

fn name_of(step: &Step<'_>) -> String {
    match step {
        Step::SignIn(offer) => match offer.name {
            None => "sign in".to_owned(),
            Some(Name::Fixed(hint)) => format!("sign in as {}", hint.as_str()),
            Some(Name::Suggested(account)) => format!("sign in again as {}", account.handle),
        },
        Step::SignUp { wished: None } => "sign up".to_owned(),
        Step::SignUp { wished: Some(handle) } => format!("sign up as {handle}"),
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
        let (request, choice) = (request(prompt, hint), chosen(choice));
        let step = step_name(&request, &browser(accounts), &choice);
        assert_eq!(
            step, expected,
            "prompt {prompt} hint {hint} accounts {accounts} choice {choice:?}"
        );
    }
}

// demand 10
#[test]
fn a_new_account_is_offered_where_the_client_or_the_person_wants_one() {
    use Errand::{Answer, SignIn, SignUp};
    for (prompt, hint, accounts, choice, errand, expected) in [
        ("create", "", "", "", Answer, "sign up"),
        ("create", "", "alice", "", Answer, "sign up"),
        // the hint is a wish for the new account, and binds nobody
        ("create", "carol.test", "", "", Answer, "sign up as carol.test"),
        ("create", "carol.test", "", "", SignUp, "sign up as carol.test"),
        (
            "create",
            "carol.test",
            "alice",
            "alice",
            Answer,
            "consent as alice.test",
        ),
        ("create", "carol.test", "", "", SignIn, "sign in"),
        // who has just signed up goes on, in the same request
        ("create", "", "alice", "alice", Answer, "consent as alice.test"),
        ("create", "", "alice bob", "another", Answer, "sign in"),
        ("create", "", "alice", "", SignIn, "choose among 1"),
        ("", "", "", "", SignUp, "sign up"),
        ("", "", "alice", "", SignUp, "sign up"),
        ("login", "", "alice", "alice", SignUp, "sign up"),
        ("", "", "", "", SignIn, "sign in"),
        ("", "", "alice", "", SignIn, "consent as alice.test"),
        // a new account is not the one the client named
        ("", "alice.test", "", "", SignUp, "sign in as alice.test"),
        ("none", "", "", "", SignUp, "login_required"),
    ] {
        let request = request(prompt, hint);
        let (accounts, choice) = (browser(accounts), chosen(choice));
        let situation = Situation {
            errand,
            makes_accounts: true,
            ..situation(&request, &accounts, &choice)
        };
        let step = situation.next_step(&Policy::default(), fixtures::NOW);
        assert_eq!(
            name_of(&step),
            expected,
            "prompt {prompt} hint {hint} accounts {accounts:?} choice {choice:?} errand {errand:?}"
        );
        if let Step::SignIn(offer) = step {
            assert_eq!(
                offer.may_sign_up,
                expected == "sign in",
                "prompt {prompt} hint {hint}"
            );
        }
        // where no accounts are made, nothing leads there
        let closed = Situation {
            makes_accounts: false,
            ..situation
        };
        let step = closed.next_step(&Policy::default(), fixtures::NOW);
        let leads_there = match step {
            Step::SignUp { .. } => true,
            Step::SignIn(offer) => offer.may_sign_up,
            _ => false,
        };
        assert!(!leads_there, "prompt {prompt} hint {hint}");
    }
}

fn request(prompt: &str, hint: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        prompt: (!prompt.is_empty()).then(|| Prompt::parse(prompt).unwrap()),
        login_hint: Handle::parse(hint).ok().map(LoginHint::Handle),
        ..fixtures::request()
    }
}

/// Alice's account by name, `another`, or nothing yet.
fn chosen(name: &str) -> Choice {
    match name {
        "" => Choice::Open,
        "another" => Choice::Another,
        _ => Choice::Account(fixtures::account().did),
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
