//! What holds for every page, tried on each with plausible and with hostile data.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the reader of documents is test code, and panics on what a page must not have"
)]

mod contrast;
mod html;
#[path = "../../examples/gallery/samples.rs"]
mod samples;
mod sign_up;

use std::collections::HashSet;

use entryway_server::pages::assets;
use html::{Document, Piece, Tag};
use samples::HOSTILE;

fn pages() -> Vec<(&'static str, Document)> {
    samples::all()
        .into_iter()
        .map(|sample| (sample.name, Document::read(&sample.html)))
        .collect()
}

fn page(name: &str) -> Document {
    let (_, document) = pages()
        .into_iter()
        .find(|(other, _)| *other == name)
        .expect("a page of the samples");
    document
}

fn is_shown_control(tag: &Tag) -> bool {
    (tag.name == "input" && !tag.is_hidden_input()) || tag.name == "select" || tag.name == "textarea"
}

//
#[test]
fn every_page_has_a_language_a_title_and_one_first_heading() {
    for (name, document) in pages() {
        let root = document.tags().next().unwrap();
        assert_eq!(
            (root.name.as_str(), root.attribute("lang")),
            ("html", Some("en-US")),
            "{name}"
        );
        let title = document.text_of(|tag| tag.name == "title").unwrap();
        assert!(
            title.ends_with(" · entryway.example") && title.len() > 25,
            "{name}: {title}"
        );
        assert_eq!(document.all("h1").count(), 1, "{name}");
        assert_eq!(document.all("main").count(), 1, "{name}");
    }
}

#[test]
fn headings_go_down_one_level_at_a_time() {
    for (name, document) in pages() {
        let mut level = 0;
        for tag in document.tags() {
            let Some(next) = tag
                .name
                .strip_prefix('h')
                .and_then(|digit| digit.parse::<u32>().ok())
            else {
                continue;
            };
            assert!(next <= level + 1, "{name}: h{next} after h{level}");
            level = next;
        }
    }
}

//
#[test]
fn every_visible_field_has_a_label_and_every_reference_leads_somewhere() {
    for (name, document) in pages() {
        let mut ids = HashSet::new();
        for tag in document.tags() {
            if let Some(id) = tag.attribute("id") {
                assert!(ids.insert(id.to_owned()), "{name}: two elements are called {id}");
            }
            for reference in ["for", "aria-describedby", "aria-labelledby"] {
                for id in tag.attribute(reference).unwrap_or_default().split_whitespace() {
                    assert!(
                        document.with_id(id).is_some(),
                        "{name}: {reference} leads to {id}"
                    );
                }
            }
            if is_shown_control(tag) {
                let id = tag.attribute("id").unwrap();
                let label = document.text_of(|tag| tag.name == "label" && tag.attribute("for") == Some(id));
                assert!(
                    label.is_some_and(|text| !text.is_empty()),
                    "{name}: {id} has no label"
                );
            }
            if tag.name == "img" {
                assert!(tag.attribute("alt").is_some(), "{name}: an image without a text");
            }
        }
    }
}

//
#[test]
fn no_page_has_inline_style_or_script_or_asks_another_origin() {
    let known = assets::ALL.map(|asset| asset.path);
    for (name, document) in pages() {
        for tag in document.tags() {
            for (attribute, value) in &tag.attributes {
                assert!(
                    !attribute.starts_with("on") && attribute != "style",
                    "{name}: {attribute}"
                );
                if attribute == "src" || (attribute == "href" && tag.name != "a") {
                    assert!(known.contains(&value.as_str()), "{name}: {value}");
                }
                if attribute == "href" && tag.name == "a" {
                    assert!(
                        value.starts_with('/') && !value.starts_with("//"),
                        "{name}: {value}"
                    );
                }
            }
            assert!(
                !["style", "iframe", "object", "embed", "base", "svg"].contains(&tag.name.as_str()),
                "{name}"
            );
        }
        let scripts: Vec<_> = document.all("script").map(|tag| tag.attribute("src")).collect();
        if name.starts_with("form-post") {
            assert_eq!(scripts, [Some(assets::FORM_POST_SCRIPT.path)], "{name}");
            assert_eq!(
                document.text_of(|tag| tag.name == "script").unwrap(),
                "",
                "{name}"
            );
        } else {
            assert!(scripts.is_empty(), "{name}");
        }
    }
}

// the reader panics on markup that got through; what is shown hides nothing
#[test]
fn hostile_text_is_shown_as_text_and_has_nothing_invisible() {
    let mut seen = 0;
    for (name, document) in pages() {
        let mut shown = String::new();
        for piece in &document.0 {
            match piece {
                Piece::Text(text) => shown.push_str(text),
                Piece::Open(tag) if tag.name == "input" && !tag.is_hidden_input() => {
                    shown.push_str(tag.attribute("value").unwrap_or_default());
                }
                Piece::Open(_) | Piece::Close(_) => {}
            }
        }
        assert!(!shown.contains(['\u{202e}', '\u{200b}', '\0']), "{name}");
        if name.ends_with("-hostile") {
            assert!(
                shown.contains("<script>alert(1)</script><svg onload=alert(2)>\\u{202e}cod.exe\\u{200b}"),
                "{name}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 14);
}

//
#[test]
fn every_form_of_ours_posts_the_hidden_inputs_exactly_as_they_were_given() {
    let mut forms = 0;
    for (name, document) in pages() {
        if name.starts_with("form-post") {
            continue;
        }
        for form in document.forms() {
            assert_eq!(form[0].attribute("method"), Some("post"), "{name}");
            let hidden: Vec<_> = form
                .iter()
                .filter(|tag| tag.is_hidden_input())
                .map(|tag| (tag.attribute("name").unwrap(), tag.attribute("value").unwrap()))
                .collect();
            let (client_id, request_uri) = if name.ends_with("-hostile") {
                (HOSTILE, HOSTILE)
            } else {
                (
                    "https://statusphere.example/oauth-client-metadata.json",
                    "urn:ietf:params:oauth:request_uri:req-5f1c3a",
                )
            };
            // the consent form also carries the account it shows, and so do those of the account's own page
            let is_own = name.starts_with("account") && !name.starts_with("account-chooser");
            let (account, ours): (Vec<_>, Vec<_>) =
                hidden.into_iter().partition(|(name, _)| *name == "account");
            assert!(
                account.len() <= usize::from(name.starts_with("consent") || is_own),
                "{name}"
            );
            let named = ["client_id", "session", "device", "name"];
            let (which, ours): (Vec<_>, Vec<_>) = ours
                .into_iter()
                .partition(|(field, _)| is_own && named.contains(field));
            assert!(which.len() <= 1, "{name}");
            let given = [
                ("csrf", "Zm9yZ2VyeSBwcm9vZg"),
                ("client_id", client_id),
                ("request_uri", request_uri),
            ];
            // the form that signs out belongs to no request, nor do those of an account's own page
            let expected = if name == "home" || is_own {
                &given[..1]
            } else {
                &given[..]
            };
            assert_eq!(ours, expected, "{name}");
            forms += 1;
        }
    }
    assert_eq!(forms, 134);
}

//
#[test]
fn the_sign_in_fields_are_what_password_managers_know() {
    for (name, value, readonly) in [
        ("sign-in", None, false),
        ("sign-in-hinted", Some("alice.example.com"), false),
        ("sign-in-again", Some("alice.example.com"), true),
    ] {
        let document = page(name);
        let username = document.with_id("username").unwrap();
        for (attribute, expected) in [
            ("name", "username"),
            ("type", "text"),
            ("autocomplete", "username"),
            ("autocapitalize", "none"),
            ("spellcheck", "false"),
        ] {
            assert_eq!(username.attribute(attribute), Some(expected), "{name}");
        }
        assert_eq!(username.attribute("value"), value, "{name}");
        assert_eq!(username.attribute("readonly").is_some(), readonly, "{name}");

        let password = document.with_id("password").unwrap();
        for (attribute, expected) in [
            ("name", "password"),
            ("type", "password"),
            ("autocomplete", "current-password"),
        ] {
            assert_eq!(password.attribute(attribute), Some(expected), "{name}");
        }
        assert_eq!(password.attribute("value"), None, "{name}");

        let form = &document.forms()[0];
        assert!(
            form.iter().any(|tag| tag.attribute("name") == Some("password")),
            "{name}"
        );
        assert_eq!(
            document.text_of(|tag| tag.name == "button").unwrap(),
            "Sign in",
            "{name}"
        );
    }
}

#[test]
fn cancelling_sends_no_password() {
    for form in page("sign-in-hinted").forms() {
        let decides = form.iter().any(|tag| tag.attribute("name") == Some("decision"));
        let has_password = form.iter().any(|tag| tag.attribute("name") == Some("password"));
        assert!(decides != has_password);
    }
}

#[test]
fn a_refused_sign_in_ties_its_reason_to_both_fields() {
    for name in [
        "sign-in-mismatch",
        "sign-in-too-many",
        "sign-in-stale",
        "sign-in-hostile",
    ] {
        let document = page(name);
        assert_eq!(
            document.with_id("sign-in-error").unwrap().attribute("role"),
            Some("alert"),
            "{name}"
        );
        for field in ["username", "password"] {
            let described = document
                .with_id(field)
                .unwrap()
                .attribute("aria-describedby")
                .unwrap();
            assert!(described.starts_with("sign-in-error "), "{name}: {field}");
        }
    }
    let wait = page("sign-in-too-many")
        .text_of(|tag| tag.attribute("id") == Some("sign-in-error"))
        .unwrap();
    assert!(wait.contains("wait 5 minutes"), "{wait}");
}

//
#[test]
fn the_consent_page_names_the_app_first_and_offers_both_answers() {
    for name in [
        "consent",
        "consent-identity",
        "consent-this-device",
        "consent-twelve",
        "consent-hostile",
    ] {
        let document = page(name);
        let heading = document.text_of(|tag| tag.name == "h1").unwrap();
        let host = document
            .text_of(|tag| tag.attribute("class").is_some_and(|c| c.starts_with("host")))
            .unwrap();
        assert!(heading.starts_with(&host), "{name}: {heading}");
        for (value, text) in [("authorize", "Authorize"), ("deny", "Deny access")] {
            let button = |tag: &Tag| {
                tag.name == "button"
                    && (tag.attribute("name"), tag.attribute("value")) == (Some("decision"), Some(value))
            };
            assert_eq!(document.text_of(button).as_deref(), Some(text), "{name}");
        }
        // the Enter key presses the first submit button of a form, which must not be an answer
        let forms = document.forms();
        let first = forms
            .last()
            .unwrap()
            .iter()
            .find(|tag| tag.name == "button")
            .unwrap();
        assert!(
            first.attribute("formmethod") == Some("dialog") && first.attribute("name").is_none(),
            "{name}"
        );
    }
    let client_id = "https://statusphere.example/oauth-client-metadata.json";
    assert_eq!(
        page("consent").text_of(|tag| tag.name == "code").as_deref(),
        Some(client_id)
    );
}

//
#[test]
fn every_permission_but_atproto_is_a_ticked_box_and_all_are_shown() {
    let document = page("consent-twelve");
    let boxes: Vec<_> = document
        .all("input")
        .filter(|tag| tag.attribute("type") == Some("checkbox"))
        .collect();
    assert_eq!(boxes.len(), 11);
    for (tag, number) in boxes.iter().zip(1..) {
        assert_eq!(tag.attribute("name"), Some(format!("grant.{number}").as_str()));
        assert_eq!(tag.attribute("value"), Some("on"));
        assert!(tag.attribute("checked").is_some());
    }
    assert_eq!(document.all("details").count(), 12);
}

// mission demand 2
#[test]
fn an_app_that_asks_for_identity_alone_is_not_said_to_want_access() {
    let heading = page("consent-identity").text_of(|tag| tag.name == "h1").unwrap();
    assert_eq!(heading, "statusphere.example asks who you are");
}

//
#[test]
fn an_app_on_this_device_is_warned_about_with_the_address_it_leads_to() {
    let notice = |name| page(name).text_of(|tag| tag.attribute("class") == Some("notice notice-caution"));
    assert!(
        notice("consent-this-device")
            .unwrap()
            .ends_with("you will be sent to: http://127.0.0.1:8080/callback")
    );
    assert_eq!(notice("consent"), None);
}

//
#[test]
fn an_error_page_leads_nowhere() {
    for (name, document) in pages().iter().filter(|(name, _)| name.starts_with("error")) {
        assert_eq!(
            document.all("a").count() + document.all("form").count(),
            0,
            "{name}"
        );
        assert!(
            document.tags().any(|tag| tag.attribute("role") == Some("alert")),
            "{name}"
        );
    }
}

//
#[test]
fn the_form_post_page_carries_every_parameter_unchanged() {
    for (name, target, parameters) in [
        (
            "form-post",
            "https://statusphere.example/oauth/callback",
            vec![
                ("code", "cod-2b7e151628aed2a6abf7158809cf4f3c"),
                ("state", "af0ifjsldkj"),
                ("iss", "https://entryway.example"),
            ],
        ),
        ("form-post-hostile", HOSTILE, vec![("state", HOSTILE)]),
    ] {
        let document = page(name);
        let forms = document.forms();
        assert_eq!(forms[0][0].attribute("action"), Some(target));
        let carried: Vec<_> = forms[0]
            .iter()
            .filter(|tag| tag.is_hidden_input())
            .map(|tag| (tag.attribute("name").unwrap(), tag.attribute("value").unwrap()))
            .collect();
        assert_eq!(carried, parameters);
    }
}
