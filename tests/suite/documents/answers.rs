//! Hosts that answer with anything but a document: each is refused in a sentence of its own, which repeats
//! nothing of what came, and the next request asks again (R-049 to R-056, R-060, R-062, R-075).

use entryway_tests::{Answer, Client, ClientSite, Document, Engine, NamedKey, TestServer, at_once};

use super::{fault_of, site_and_server};

/// In everything that is sent, and in no answer.
const MARKER: &str = "marker-of-the-other-host";

/// What a host does, and how it is said.
type Case = (&'static str, Answer, &'static str);

const BROKEN: &str = "did not come in one complete HTTP answer";
const COMPRESSED: &str = "is compressed, send it as it is";
const NOT_JSON: &str = "must have the content-type application/json";
const REDIRECTED: &str = "answered with a redirect, which is not followed; serve it at this URL itself";
const TOO_LARGE: &str = "is larger than 65536 bytes";

/// A complete answer with the marker in every place.
fn answer() -> Answer {
    let body = format!("{{\"marker\":\"{MARKER}\"}}");
    Answer::text(&body)
        .header("x-marker", MARKER)
        .header("server", MARKER)
}

fn statuses() -> Vec<Case> {
    let status = |status, sentence| ("a status", answer().with_status(status), sentence);
    vec![
        status(201, "answered with status 201 instead of 200"),
        status(202, "answered with status 202 instead of 200"),
        status(204, "answered with status 204 instead of 200"),
        status(206, "answered with status 206 instead of 200"),
        status(304, "answered with status 304 instead of 200"),
        status(400, "answered with status 400 instead of 200"),
        status(401, "answered with status 401 instead of 200"),
        status(403, "answered with status 403 instead of 200"),
        status(404, "answered with status 404 instead of 200"),
        status(410, "answered with status 410 instead of 200"),
        status(429, "answered with status 429 instead of 200"),
        status(500, "answered with status 500 instead of 200"),
        status(503, "answered with status 503 instead of 200"),
    ]
}

fn redirects(canary: &ClientSite) -> Vec<Case> {
    let statuses = [300, 301, 302, 303, 305, 307, 308];
    let to_canary = |status| {
        let answer = answer().with_status(status).header("location", &canary.url("/"));
        ("a redirect", answer, REDIRECTED)
    };
    statuses.into_iter().map(to_canary).collect()
}

fn types() -> Vec<Case> {
    let typed = |value: &str| ("a type", answer().header("content-type", value), NOT_JSON);
    vec![
        ("no type", answer().without_header("content-type"), NOT_JSON),
        (
            "two types",
            answer().also_header("content-type", "application/json"),
            NOT_JSON,
        ),
        typed(""),
        typed("text/html"),
        typed("text/plain; charset=utf-8"),
        typed("text/json"),
        typed("application/ld+json"),
        typed("application/jsonp"),
        typed("application/json, text/html"),
        typed("text/html; application/json"),
        typed(MARKER),
    ]
}

fn codings() -> Vec<Case> {
    let coded = |value: &str| ("a coding", answer().header("content-encoding", value), COMPRESSED);
    vec![
        coded("gzip"),
        coded("br"),
        coded("deflate"),
        coded("zstd"),
        coded("x-gzip"),
        coded("identity, gzip"),
        coded(MARKER),
    ]
}

fn framings() -> Vec<Case> {
    let large = || answer().with_body(large_document().as_bytes());
    let bare = |text: &str| Answer::raw(text.replace('\n', "\r\n").as_bytes());
    let json = "HTTP/1.1 200 OK\ncontent-type: application/json\n";
    vec![
        ("less than promised", answer().promising(1000), BROKEN),
        (
            "too much promised",
            answer().promising(65_537).unfinished(),
            TOO_LARGE,
        ),
        (
            "more than can be promised",
            answer()
                .until_closed()
                .header("content-length", "99999999999999999999"),
            BROKEN,
        ),
        (
            "a negative length",
            answer().until_closed().header("content-length", "-1"),
            BROKEN,
        ),
        ("two lengths", answer().also_header("content-length", "3"), BROKEN),
        ("too large", large(), TOO_LARGE),
        ("too large in chunks", large().chunked(4096), TOO_LARGE),
        ("too large until it closes", large().until_closed(), TOO_LARGE),
        ("endless", answer().until_closed().endless(), TOO_LARGE),
        ("endless chunks", answer().chunked(20).endless(), TOO_LARGE),
        (
            "a head too long",
            answer().header("x-long", &"x".repeat(20_000)),
            BROKEN,
        ),
        ("a head of too many fields", many_fields(), BROKEN),
        (
            "no chunks",
            bare(&format!("{json}transfer-encoding: chunked\n\n{{}}")),
            BROKEN,
        ),
        (
            "a chunk of no size",
            bare(&format!("{json}transfer-encoding: chunked\n\n-1\n")),
            BROKEN,
        ),
        ("nothing at all", bare(""), BROKEN),
        ("another protocol", bare(&format!("220 {MARKER} ESMTP\n")), BROKEN),
        ("another version", bare("HTTP/2 200\n\n{}"), BROKEN),
        (
            "a head cut off",
            bare("HTTP/1.1 200 OK\ncontent-type: app"),
            BROKEN,
        ),
    ]
}

/// Valid JSON of 8 MiB.
fn large_document() -> String {
    format!("{{\"marker\":\"{MARKER}\"{}}}", " ".repeat(8 * 1024 * 1024))
}

fn many_fields() -> Answer {
    (0..100).fold(answer(), |answer, number| {
        answer.header(&format!("x-{number}"), MARKER)
    })
}

/// A client of a host, whose document or key set the host can spoil and mend.
struct Victim {
    client: Client,
    /// How the sentence begins.
    subject: &'static str,
    path: String,
    good: Answer,
}

impl Victim {
    fn document(site: &ClientSite, path: &str) -> Self {
        let client = site.public_client(path);
        Self {
            subject: "the document",
            path: path.to_owned(),
            good: Document::public(client.id()).answer(),
            client,
        }
    }

    fn key_set(site: &ClientSite, path: &str) -> Self {
        let key = NamedKey::generate("key-1");
        let keys = format!("{path}/jwks.json");
        let document = Document::confidential(&site.url(path), &[&key]).with_keys_at(&site.url(&keys));
        Self {
            subject: "jwks_uri",
            good: Answer::json(&serde_json::json!({ "keys": [key.public()] })),
            path: keys,
            client: site.publish(path, document).asserting_with(&key),
        }
    }

    /// Is refused with this sentence as long as the host answers so, and no longer.
    async fn suffer(&self, server: &TestServer, site: &ClientSite, (name, answer, sentence): Case) {
        site.serve(&self.path, answer);
        let reply = self.client.par().send(server).await;
        let expected = format!("client metadata: {} {sentence}", self.subject);
        assert_eq!(fault_of(&reply), expected, "{name}: {sentence}");
        let told = format!("{:?} {}", reply.headers, reply.text());
        for secret in [MARKER, &site.address().to_string(), "127.0.0.1"] {
            assert!(!told.contains(secret), "{name}: {told}");
        }
        // R-062
        site.serve(&self.path, self.good.clone());
        assert_eq!(self.client.par().send(server).await.code(), 201, "{name}");
    }
}

// R-049 to R-051, R-053, R-055, R-060, R-062
#[tokio::test]
async fn whatever_a_host_answers_is_refused_in_its_own_words_and_asked_for_again() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let canary = ClientSite::http().await;
    let cases = [statuses(), redirects(&canary), types(), codings(), framings()].concat();
    assert!(cases.len() > 50);
    for (number, case) in cases.into_iter().enumerate() {
        let victim = Victim::document(&site, &format!("/{number}.json"));
        victim.suffer(&server, &site, case).await;
    }
    assert_eq!(canary.connections(), 0);
    server.assert_well().await;
}

// R-075
#[tokio::test]
async fn a_key_set_is_fetched_under_the_same_rules() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let canary = ClientSite::http().await;
    let cases = [statuses(), redirects(&canary), types(), codings(), framings()].concat();
    for (number, case) in cases.into_iter().enumerate() {
        let victim = Victim::key_set(&site, &format!("/{number}.json"));
        victim.suffer(&server, &site, case).await;
    }
    assert_eq!(canary.connections(), 0);
}

// R-054: the time is real, so the slow hosts are slow at the same time; whoever was never heard of must begin sooner
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_host_is_cut_off_after_five_seconds() {
    const SLOW: &str = "took longer than 5 seconds";
    const MUTE: &str = "took longer than 2 seconds";
    let server = TestServer::start(Engine::Sqlite).await;
    let second = std::time::Duration::from_secs(1);
    let cases: Vec<Case> = vec![
        ("silence", Answer::never(), MUTE),
        ("a byte each second", answer().dripping(second), SLOW),
        (
            "a byte each second, in chunks",
            answer().chunked(1).dripping(second),
            SLOW,
        ),
        ("no last byte", answer().promising(1000).unfinished(), SLOW),
        ("no last chunk", answer().chunked(4).unfinished(), SLOW),
        ("no end", answer().until_closed().unfinished(), SLOW),
        (
            "a head without an end",
            Answer::raw(b"HTTP/1.1 200 OK\r\nx: y\r\n").unfinished(),
            MUTE,
        ),
        (
            "a head that drips",
            Answer::raw(b"HTTP/1.1 200 OK\r\nx: y\r\nx: y\r\nx: y\r\n").dripping(second),
            MUTE,
        ),
    ];
    let began = std::time::Instant::now();
    let suffered = cases.into_iter().map(|case| {
        let server = server.clone();
        async move {
            let site = ClientSite::http().await;
            Victim::document(&site, "/client.json")
                .suffer(&server, &site, case)
                .await;
        }
    });
    at_once(suffered).await;
    // one that was good before may take its time
    let site = ClientSite::http().await;
    let known = Victim::document(&site, "/client.json");
    assert_eq!(known.client.par().send(&server).await.code(), 201);
    server.clock().advance(15 * 60);
    known
        .suffer(&server, &site, ("silence", Answer::never(), SLOW))
        .await;
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

// R-058, R-060: who is not there, and who is somebody else, look the same
#[tokio::test]
async fn a_host_that_is_not_there_or_is_another_is_out_of_reach() {
    let unreachable = "client metadata: the document could not be reached, its host must answer with a certificate valid for its name";
    let https = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&https], |_| ()).await;
    // another server, which trusts no authority of the test
    let stranger = TestServer::start(Engine::Sqlite).await;
    let closed = ClientSite::http().await.public_client("/client.json");
    assert_eq!(super::refused(&server, closed.par()).await, unreachable);
    let client = https.public_client("/client.json");
    assert_eq!(client.par().send(&server).await.code(), 201);
    let elsewhere = super::refused(&stranger, client.par()).await;
    assert_eq!(
        elsewhere,
        "client metadata: the document is at a host name that is local or reserved, serve it at a public one"
    );
    assert_eq!(https.hits("/client.json"), 1);
}
