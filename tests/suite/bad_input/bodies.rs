//! Bodies that are wrong as a whole: their size, type and encoding, and the number and place of parameters.

use axum::body::{Body, Bytes};
use entryway_tests::{Browser, Client, Engine, TestServer, alice, both_engines};
use futures_util::stream;
use http::Request;

use super::heads::{back_channel, refusal};
use super::{assert_serves, assert_unchanged, pages};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A request with one thing wrong, and the status of its refusal.
struct Wrong {
    what: &'static str,
    content_types: Vec<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    body: Content,
    query: Option<&'static str>,
    status: u16,
}

enum Content {
    Valid,
    Bytes(Vec<u8>),
    /// Of unknown length, so many times 64 KiB.
    Endless(usize),
}

fn wrong(what: &'static str, status: u16) -> Wrong {
    Wrong {
        what,
        content_types: vec![FORM],
        headers: Vec::new(),
        body: Content::Valid,
        query: None,
        status,
    }
}

fn body(what: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Wrong {
    Wrong {
        content_types: vec![content_type],
        body: Content::Bytes(body.into()),
        ..wrong(what, status)
    }
}

fn typed(what: &'static str, content_types: &[&'static str]) -> Wrong {
    Wrong {
        content_types: content_types.to_vec(),
        ..wrong(what, 415)
    }
}

fn header(what: &'static str, name: &'static str, value: &'static str, status: u16) -> Wrong {
    Wrong {
        headers: vec![(name, value)],
        ..wrong(what, status)
    }
}

/// `accepts_json` is whether the endpoint reads JSON at all; where it does not, its type is what is wrong.
fn all_wrong(accepts_json: bool) -> Vec<Wrong> {
    let json = |status| if accepts_json { status } else { 415 };
    [
        too_large(&json),
        too_many(&json),
        malformed(&json),
        of_other_types(),
        misplaced(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

type OfJson<'a> = &'a dyn Fn(u16) -> u16;

// R-504
fn too_large(json: OfJson<'_>) -> Vec<Wrong> {
    let eight = "a".repeat(8 * 1024 * 1024);
    vec![
        body("8 MiB as a form", FORM, eight.as_str(), 413),
        body("8 MiB of one value", FORM, format!("client_id={eight}"), 413),
        body(
            "8 MiB as JSON",
            JSON,
            format!("{{\"client_id\":\"{eight}\"}}"),
            json(413),
        ),
        body("8 MiB of brackets", JSON, eight.replace('a', "["), json(413)),
        body("8 MiB of NUL", FORM, eight.replace('a', "\0"), 413),
        Wrong {
            body: Content::Endless(128),
            ..wrong("8 MiB of unknown length", 413)
        },
        header("8 MiB announced and not sent", "content-length", "8388608", 413),
        header(
            "more announced than can be",
            "content-length",
            "18446744073709551616",
            400,
        ),
    ]
}

// R-510, R-511
fn too_many(json: OfJson<'_>) -> Vec<Wrong> {
    let ten_thousand = |write: &dyn Fn(usize) -> String| (0..10_000).map(write).collect::<String>();
    let members: Vec<String> = (0..9_000).map(|number| format!("\"{number}\":\"\"")).collect();
    vec![
        body(
            "10,000 parameters",
            FORM,
            ten_thousand(&|number| format!("a{number}=&")),
            400,
        ),
        body(
            "10,000 times one parameter",
            FORM,
            ten_thousand(&|_| "a=&".to_owned()),
            400,
        ),
        body("10,000 ampersands", FORM, "&".repeat(10_000), 400),
        body("20,000 escapes", FORM, format!("a={}", "%61".repeat(20_000)), 400),
        body(
            "9,000 members",
            JSON,
            format!("{{{}}}", members.join(",")),
            json(400),
        ),
        body(
            "deep arrays",
            JSON,
            format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000)),
            json(400),
        ),
        body("deep objects", JSON, "{\"a\":".repeat(15_000), json(400)),
    ]
}

fn malformed(json: OfJson<'_>) -> Vec<Wrong> {
    vec![
        body("nothing", FORM, "", 400),
        body("no JSON at all", JSON, "", json(400)),
        body("a form called JSON", JSON, "client_id=x", json(400)),
        body("JSON called a form", FORM, "{\"client_id\":\"x\"}", 400),
        body("an array", JSON, "[]", json(400)),
        body(
            "an array of an object",
            JSON,
            "[{\"client_id\":\"x\"}]",
            json(400),
        ),
        body("null", JSON, "null", json(400)),
        body("a text", JSON, "\"client_id\"", json(400)),
        body("a number", JSON, "1e999999", json(400)),
        body("two objects", JSON, "{}{}", json(400)),
        body("a byte order mark", JSON, "\u{feff}{}", json(400)),
        body("UTF-16", JSON, [0xff, 0xfe, b'{', 0, b'}', 0], json(400)),
        body("bytes of nothing", FORM, (0..=255).collect::<Vec<u8>>(), 400),
    ]
}

// R-102
fn of_other_types() -> Vec<Wrong> {
    vec![
        typed("no type", &[]),
        typed("an empty type", &[""]),
        typed("text", &["text/plain"]),
        typed("multipart", &["multipart/form-data; boundary=x"]),
        typed("XML", &["application/xml"]),
        typed("nearly JSON", &["application/json-seq"]),
        typed("nearly a form", &["application/x-www-form-urlencodedx"]),
        typed(
            "two types in one",
            &["application/x-www-form-urlencoded, text/plain"],
        ),
        typed("two types", &[FORM, JSON]),
        typed("the same type twice", &[FORM, FORM]),
    ]
}

// R-505, R-136, R-227
fn misplaced() -> Vec<Wrong> {
    let query = |what, query| Wrong {
        query: Some(query),
        ..wrong(what, 400)
    };
    vec![
        Wrong {
            body: Content::Bytes(GZIP_BEGINS.to_vec()),
            ..header("gzip", "content-encoding", "gzip", 415)
        },
        header("deflate", "content-encoding", "deflate", 415),
        header("twice compressed", "content-encoding", "gzip, br", 415),
        header("an unknown encoding", "content-encoding", "x", 415),
        query("a parameter in the query", "client_id=x"),
        query("bytes in the query", "%ff%00"),
        query("nothing in the query", "="),
    ]
}

/// What every gzip file begins with.
const GZIP_BEGINS: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];

impl Wrong {
    fn request(&self, path: &str) -> http::request::Builder {
        let target = self
            .query
            .map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut request = Request::post(target);
        for content_type in &self.content_types {
            request = request.header("content-type", *content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        request
    }

    fn content(&self, valid: &[u8]) -> Body {
        match &self.body {
            Content::Valid => Body::from(valid.to_vec()),
            Content::Bytes(bytes) => Body::from(bytes.clone()),
            Content::Endless(chunks) => {
                let chunk = Bytes::from(vec![b'a'; 64 * 1024]);
                let chunks = (0..*chunks).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
                Body::from_stream(stream::iter(chunks))
            }
        }
    }
}

// R-102, R-504, R-505, R-510, R-512
async fn a_body_that_is_no_body_of_ours_is_refused_by_the_back_channel(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (endpoint, call) in back_channel(&server, &client).await {
        let path = server.path(endpoint);
        let before = server.database().cells().await;
        for wrong in all_wrong(true) {
            let proof = client.prove(&server, endpoint);
            let request = wrong.request(&path).header("dpop", proof);
            let reply = server
                .send(request.body(wrong.content(&call.body())).unwrap())
                .await;
            let what = format!("{path}: {}", wrong.what);
            assert_eq!(
                refusal(&reply, &what),
                (wrong.status, "invalid_request"),
                "{what}"
            );
        }
        assert_unchanged(&before, &server.database().cells().await, &path);
    }
    assert_serves(&server).await;
}

// R-102, R-504, R-505, R-510, R-512
async fn a_body_that_is_no_form_of_ours_is_refused_by_the_pages(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.reach_consent(&server, &pushed, alice()).await;
    let form = page.form("Authorize");
    let (name, value) = browser.cookies().iter().next().unwrap();
    let cookie = format!("{name}={value}");
    let fields = form
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let valid = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    for path in [
        "/oauth/authorize/sign-in",
        "/oauth/authorize/account",
        "/oauth/authorize/decision",
        "/sign-out",
        "/account/sign-in",
        "/account/choice",
        "/account/end",
    ] {
        let before = server.database().cells().await;
        for wrong in all_wrong(false) {
            let request = wrong.request(path).header("cookie", &cookie);
            let request = request.header("origin", server.issuer());
            let reply = server
                .send(request.body(wrong.content(valid.as_bytes())).unwrap())
                .await;
            let what = format!("{path}: {}", wrong.what);
            // a body without any field has no form token either
            let status = if wrong.status == 400 && reply.code() == 403 && has_no_token(&wrong) {
                403
            } else {
                wrong.status
            };
            pages::assert_refused(&reply, (status, "invalid_request"), &what);
        }
        assert_unchanged(&before, &server.database().cells().await, path);
    }
    browser.submit(&server, &form).await.left();
    assert_serves(&server).await;
}

fn has_no_token(wrong: &Wrong) -> bool {
    ["10,000 ampersands", "nothing", "JSON called a form"].contains(&wrong.what)
}

both_engines! {
    a_body_that_is_no_body_of_ours_is_refused_by_the_back_channel,
    a_body_that_is_no_form_of_ours_is_refused_by_the_pages,
}
