//! Bodies that are not one JSON object.

use entryway_tests::{Answer, Document, Engine};

use super::{refused, site_and_server};

/// In every body, and in no answer.
const MARKER: &str = "marker-of-the-document";

//
#[tokio::test]
async fn what_is_not_one_json_object_is_refused() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    let good = Document::public(client.id()).json().to_string();
    let twice = |member: &str| format!("{},{member}}}", &good[..good.len() - 1]);
    let deep = |brackets: usize| twice(&format!("\"x\":{}{}", "[".repeat(brackets), "]".repeat(brackets)));
    let (json, object) = (
        "the document must be well-formed JSON",
        "the document must be an object",
    );
    for (name, body, sentence) in [
        ("nothing", String::new(), json),
        ("white space", " \n".to_owned(), json),
        ("text", MARKER.to_owned(), json),
        ("a page", format!("<!doctype html><title>{MARKER}</title>"), json),
        ("null", "null".to_owned(), object),
        ("true", "true".to_owned(), object),
        ("a number", "1".to_owned(), object),
        ("a string", format!("\"{MARKER}\""), object),
        ("a list", format!("[{good}]"), object),
        ("half of it", good[..good.len() / 2].to_owned(), json),
        ("two of it", format!("{good}{good}"), json),
        ("more behind it", format!("{good}x"), json),
        ("a comma too many", good.replace('}', ",}"), json),
        ("a comment", good.replace("{\"", "{/**/\""), json),
        ("no number", twice("\"x\":NaN"), json),
        ("a bare name", twice("x:1"), json),
        ("a bare control character", twice("\"x\":\"\u{1}\""), json),
        ("half a surrogate", twice("\"\\ud800\":1"), object),
        (
            "a mark",
            format!("\u{feff}{good}"),
            "the document must not begin with a byte order mark",
        ),
        (
            "depth",
            deep(16),
            "the document must not nest deeper than 16 levels",
        ),
        (
            "much depth",
            deep(30_000),
            "the document must not nest deeper than 16 levels",
        ),
        (
            "a member twice",
            twice("\"redirect_uris\":[]"),
            "redirect_uris must not be given twice",
        ),
        (
            "a member twice in two spellings",
            twice("\"redirect\\u005furis\":[]"),
            "redirect_uris must not be given twice",
        ),
        (
            "another member twice",
            twice(&format!("\"{MARKER}\":1,\"{MARKER}\":2")),
            "the document must not name a member twice",
        ),
    ] {
        site.serve("/client.json", Answer::text(&body));
        let said = refused(&server, client.par()).await;
        assert_eq!(said, format!("client metadata: {sentence}"), "{name}");
    }
    let latin = Answer::text(&good).with_body(b"{\"client_name\":\"caf\xe9\"}");
    site.serve("/client.json", latin);
    let said = refused(&server, client.par()).await;
    assert_eq!(said, "client metadata: the document must be UTF-8");
    // R-062, and deep enough is not too deep
    site.serve("/client.json", Answer::text(&deep(15)));
    assert_eq!(client.par().send(&server).await.code(), 201);
}
