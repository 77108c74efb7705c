//! The page where accounts are made.

use super::*;

//
#[test]
fn the_sign_up_fields_are_what_password_managers_know_and_the_password_is_never_shown_again() {
    for (name, document) in sign_ups() {
        for (id, kind, autocomplete) in [
            ("handle", "text", "off"),
            ("email", "email", "username"),
            ("password", "password", "new-password"),
        ] {
            let field = document.with_id(id).unwrap();
            for (attribute, expected) in [("name", id), ("type", kind), ("autocomplete", autocomplete)] {
                assert_eq!(field.attribute(attribute), Some(expected), "{name}");
            }
            assert!(field.attribute("required").is_some(), "{name}: {id}");
        }
        let password = document.with_id("password").unwrap();
        assert_eq!(password.attribute("value"), None, "{name}");
        let first: Vec<_> = document
            .tags()
            .filter(|tag| tag.attribute("autofocus").is_some())
            .collect();
        assert_eq!(first.len(), 1, "{name}");
    }
}

#[test]
fn a_refused_sign_up_keeps_what_was_typed_and_ties_its_reason_to_its_field() {
    for (name, field, reason) in [
        ("sign-up-handle-taken", "handle", "That handle is not free."),
        (
            "sign-up-handle-wrong",
            "handle",
            "It must have 3 to 18 characters",
        ),
        (
            "sign-up-email-taken",
            "email",
            "An account has that address already.",
        ),
        (
            "sign-up-password-wrong",
            "password",
            "It must be 8 to 256 characters.",
        ),
        ("sign-up-invite-spent", "invite", "That invite code is not good."),
    ] {
        let document = page(name);
        let error = format!("{field}-error");
        let at_fault = document.with_id(field).unwrap();
        assert_eq!(at_fault.attribute("aria-invalid"), Some("true"), "{name}");
        assert!(at_fault.attribute("autofocus").is_some(), "{name}");
        let described = at_fault.attribute("aria-describedby").unwrap();
        assert!(described.starts_with(&format!("{error} ")), "{name}: {described}");
        assert_eq!(
            document.with_id(&error).unwrap().attribute("role"),
            Some("alert"),
            "{name}"
        );
        let text = document
            .text_of(|tag| tag.attribute("id") == Some(&error))
            .unwrap();
        assert!(text.contains(reason), "{name}: {text}");
        for (id, value) in [
            ("handle", Some("alice")),
            ("email", Some("alice@mail.example")),
            ("invite", Some("entryway-example-abcde-fghij")),
            ("password", None),
        ] {
            let kept = document.with_id(id).unwrap();
            assert_eq!(kept.attribute("value"), value, "{name}");
            assert_eq!(
                kept.attribute("aria-invalid").is_some(),
                id == field,
                "{name}: {id}"
            );
        }
        let chosen: Vec<_> = document
            .all("option")
            .filter(|tag| tag.attribute("selected").is_some())
            .map(|tag| tag.attribute("value"))
            .collect();
        assert_eq!(chosen, [Some(".example.org")], "{name}");
    }
}

#[test]
fn what_stops_a_sign_up_as_a_whole_is_said_above_the_form() {
    for (name, reason) in [
        ("sign-up-under-way", "Wait 40 seconds"),
        ("sign-up-later", "It goes on where it stopped."),
        ("sign-up-host-refused", "which is not your fault"),
        ("sign-up-closed", "No new accounts are made here"),
    ] {
        let document = page(name);
        let notice = document.with_id("sign-up-error").unwrap();
        assert_eq!(notice.attribute("role"), Some("alert"), "{name}");
        let text = document
            .text_of(|tag| tag.attribute("id") == Some("sign-up-error"))
            .unwrap();
        assert!(text.contains(reason), "{name}: {text}");
        let invalid = document
            .tags()
            .filter(|tag| tag.attribute("aria-invalid").is_some());
        assert_eq!(invalid.count(), 0, "{name}");
    }
}

// demand 10
#[test]
fn sign_in_and_sign_up_lead_to_each_other_and_an_invite_is_asked_for_where_one_is_needed() {
    for (name, text, path) in [
        (
            "sign-in",
            "Create an account",
            "/oauth/authorize/sign-up?client_id=a&request_uri=b",
        ),
        ("account-sign-in", "Create an account", "/account/new"),
        (
            "sign-up",
            "Sign in instead",
            "/oauth/authorize/sign-in?client_id=a&request_uri=b",
        ),
        ("account-new", "Sign in instead", "/account/sign-in"),
    ] {
        let document = page(name);
        let link = |tag: &Tag| tag.name == "a" && tag.attribute("href") == Some(path);
        assert_eq!(document.text_of(link).as_deref(), Some(text), "{name}");
    }
    assert!(page("sign-up").with_id("invite").is_none());
    assert!(page("account-new").with_id("invite").is_some());
    assert_eq!(page("sign-up").all("select").count(), 0);
    assert_eq!(page("sign-up-domains").all("option").count(), 2);
}

fn sign_ups() -> Vec<(&'static str, Document)> {
    let is_one = |name: &str| name.starts_with("sign-up") || name == "account-new";
    let sign_ups: Vec<_> = pages().into_iter().filter(|(name, _)| is_one(name)).collect();
    assert_eq!(sign_ups.len(), 13);
    sign_ups
}
