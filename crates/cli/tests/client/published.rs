//! Clients that are published, and what comes of fetching them.

use serde_json::{Value, json};

use crate::binary::{Run, entryway, success};
use crate::site::{Page, Site};

/// A document that has nothing to be said of it.
pub(crate) fn client(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_name": "Example App",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": ["https://app.test/callback"],
        "scope": "atproto transition:email",
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true,
    })
}

/// The smallest head of a picture.
pub(crate) const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x28\x08\x06\0\0\0";

fn lint(client_id: &str) -> Run {
    entryway(["client", "lint", client_id])
}

/// The findings and the last line, without the consent page between them.
fn findings(run: &Run) -> Vec<&str> {
    let is_finding = |line: &&str| line.starts_with("error") || line.starts_with("warning");
    run.stdout.lines().filter(is_finding).collect()
}

const LOCAL: &str =
    "warning  client_id is at http on a loopback address, which only a server under development takes";

#[test]
fn a_client_under_development_is_read_from_loopback() {
    let site = Site::plain();
    let client_id = site.url("/client-metadata.json");
    site.serve(
        "/client-metadata.json",
        Page::json(client(&client_id).to_string()),
    );
    let run = lint(&client_id);
    let expected = format!(
        "{client_id}\n\n{LOCAL}\n         R-037, Client ID Metadata Document section 3\n\n\
         What people are shown, and what the app gets\n\n  \
         Host           127.0.0.1:{port}\n  \
         Full address   {client_id}\n  \
         Name           Example App\n                 shown only where the operator trusts the app\n  \
         Client         public, it has no key of its own\n  \
         Access ends    after 14 days\n  \
         Returns to     https://app.test/callback\n\n  \
         Who you are\n    Know who you are: your handle and your account identifier\n      atproto\n\n  \
         Your e-mail address\n    See your e-mail address, and whether it is confirmed\n      transition:email\n\n\
         1 warning\n",
        port = site.port()
    );
    assert_eq!(run, success(&expected));
}

// R-049 to R-055, R-060
#[test]
fn a_document_that_cannot_be_fetched_is_refused_in_the_words_of_par() {
    let site = Site::plain();
    let client_id = site.url("/client-metadata.json");
    let whole = client(&client_id).to_string();
    let typed = "content-type: application/json";
    for (page, expected) in [
        (
            Page::new("404 Not Found", typed, whole.as_str()),
            "error    the document answered with status 404 instead of 200",
        ),
        (
            Page::new("302 Found", "location: /other", ""),
            "error    the document answered with a redirect, which is not followed; serve it at this URL itself",
        ),
        (
            Page::new("200 OK", "content-type: text/html", whole.as_str()),
            "error    the document must have the content-type application/json",
        ),
        (
            Page::new(
                "200 OK",
                "content-type: application/json\r\ncontent-encoding: gzip",
                "x",
            ),
            "error    the document is compressed, send it as it is",
        ),
        (
            Page::json(vec![b' '; 64 * 1024 + 1]),
            "error    the document is larger than 65536 bytes",
        ),
    ] {
        site.serve("/client-metadata.json", page);
        let run = lint(&client_id);
        assert_eq!((run.status, findings(&run)), (Some(1), vec![expected]));
    }
    let nobody = lint("http://127.0.0.1:1/client-metadata.json");
    assert_eq!(
        findings(&nobody),
        [
            "error    the document could not be reached, its host must answer with a certificate valid for its name"
        ]
    );
}

#[test]
fn an_identifier_that_is_none_is_not_fetched() {
    for (client_id, expected) in [
        (
            "https://app.test",
            "error    client_id must have a path, such as /client-metadata.json",
        ),
        (
            "ftp://app.test/x",
            "error    client_id must be an https URL, or http://localhost for development",
        ),
        (
            "http://localhost?scope=transition:email",
            "error    client_id has a scope without atproto",
        ),
        (
            "http://localhost?client_name=x",
            "error    client_id may have the parameters scope and redirect_uri only",
        ),
    ] {
        let run = lint(client_id);
        assert_eq!(
            (run.status, findings(&run)),
            (Some(1), vec![expected]),
            "{client_id}"
        );
    }
}

#[test]
fn a_virtual_client_is_what_its_query_says() {
    let run = lint("http://localhost?scope=atproto%20transition:email");
    assert_eq!((run.status, findings(&run)), (Some(0), vec![]));
    assert_eq!(run.stdout.lines().last(), Some("no findings"));
}

// R-074, R-075
#[test]
fn keys_that_are_elsewhere_are_fetched_and_judged() {
    let site = Site::plain();
    let client_id = site.url("/client-metadata.json");
    let mut document = client(&client_id);
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["token_endpoint_auth_signing_alg"] = json!("EdDSA");
    document["jwks_uri"] = json!(site.url("/jwks.json"));
    site.serve("/client-metadata.json", Page::json(document.to_string()));
    let key = r#"{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    for (keys, expected) in [
        (Page::json(format!(r#"{{"keys":[{key}]}}"#)), None),
        (
            Page::json(r#"{"keys":[]}"#),
            Some("error    jwks_uri must have at least one key"),
        ),
        (
            Page::json(r#"{"keys":[{"kty":"EC","crv":"P-999","kid":"1"}]}"#),
            Some("error    jwks_uri must hold a key for token_endpoint_auth_signing_alg, with a kid"),
        ),
        (
            Page::json(r#"{"keys":[{"kty":"oct","kid":"1","k":"AAAA"}]}"#),
            Some("error    jwks_uri must not hold private or symmetric keys"),
        ),
        (
            Page::new("500 Oops", "content-type: application/json", ""),
            Some("error    jwks_uri answered with status 500 instead of 200"),
        ),
    ] {
        site.serve("/jwks.json", keys);
        let run = lint(&client_id);
        let said: Vec<&str> = expected.into_iter().chain([LOCAL]).collect();
        assert_eq!(findings(&run), said);
        assert_eq!(run.status, Some(i32::from(expected.is_some())));
        // who is refused is shown to nobody
        assert_eq!(run.stdout.contains("Host  "), expected.is_none());
    }
}

#[test]
fn a_logo_that_cannot_be_shown_is_worth_a_warning() {
    let site = Site::plain();
    let client_id = site.url("/client-metadata.json");
    let mut document = client(&client_id);
    document["logo_uri"] = json!(site.url("/logo"));
    site.serve("/client-metadata.json", Page::json(document.to_string()));
    let picture = "content-type: image/png";
    for (logo, expected) in [
        (Page::new("200 OK", picture, LOGO), None),
        (
            Page::new("200 OK", picture, "<svg/>"),
            Some("warning  logo_uri must be a picture in PNG, JPEG or WebP"),
        ),
        (
            Page::new("200 OK", "content-type: image/svg+xml", "<svg/>"),
            Some("warning  logo_uri must have the content-type image/png or image/jpeg or image/webp"),
        ),
        (
            Page::new("410 Gone", picture, ""),
            Some("warning  logo_uri answered with status 410 instead of 200"),
        ),
    ] {
        site.serve("/logo", logo);
        let run = lint(&client_id);
        assert_eq!(run.status, Some(0));
        assert_eq!(
            findings(&run),
            [LOCAL].into_iter().chain(expected).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_test_lab_is_reached_by_its_names_and_authorities() {
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("authority.pem");
    let site = Site::with_certificate("app.test", &authority);
    let client_id = "https://app.test/client-metadata.json";
    site.serve("/client-metadata.json", Page::json(client(client_id).to_string()));
    let resolve = format!("--resolve=app.test=127.0.0.1:{}", site.port());
    let extra_ca = format!("--extra-ca={}", authority.display());
    for (arguments, expected) in [
        (vec![resolve.as_str(), &extra_ca], None),
        (
            vec![resolve.as_str()],
            Some(
                "error    the document could not be reached, its host must answer with a certificate valid for its name",
            ),
        ),
        (
            vec![extra_ca.as_str()],
            Some(
                "error    the document is at a host name that is local or reserved, serve it at a public one",
            ),
        ),
    ] {
        let run = entryway(["client", "lint", client_id].into_iter().chain(arguments));
        assert_eq!(findings(&run), expected.into_iter().collect::<Vec<_>>());
        assert_eq!(run.status, Some(i32::from(expected.is_some())));
    }
}
