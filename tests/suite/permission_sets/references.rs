//! Tokens that refer to their scope, and what a PDS gets for the name (R-402, R-403, D5, contract section 3.4).

use std::fmt::Write as _;

use entryway_scope::ScopeSet;
use entryway_tests::{Client, Engine, Reply, TestServer, Tokens, alice, both_engines, login};
use sha2::{Digest as _, Sha256};

use super::{DAY, Garden, INCLUDE, MINUTE, TEND, claim, client, refresh, tend};

const PATH: &str = "/xrpc/com.atproto.temp.dereferenceScope";

/// The name of a text: version 1, raw bytes, SHA-256, in base32. Computed here from the specifications of CIDs.
fn name_of(text: &str) -> String {
    let mut bytes = vec![0x01, 0x55, 0x12, 0x20];
    bytes.extend(Sha256::digest(text));
    let bits = bytes.iter().fold(String::new(), |mut bits, byte| {
        write!(bits, "{byte:08b}").unwrap();
        bits
    });
    let digits = bits.as_bytes().chunks(5).map(|five| {
        let five = format!("{:0<5}", std::str::from_utf8(five).unwrap());
        let digit = u8::from_str_radix(&five, 2).unwrap();
        char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(digit)])
    });
    format!("ref:b{}", digits.collect::<String>())
}

async fn dereference(server: &TestServer, reference: &str) -> Reply {
    let reference = reference.replace(':', "%3A");
    server.get(&format!("{PATH}?scope={reference}")).await
}

#[track_caller]
fn assert_refused(reply: &Reply) {
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "InvalidScopeReference"),
        "{reply:?}"
    );
}

/// A session whose tokens refer to what [`TEND`] holds, a hundred collections with long names, and those names.
async fn large(garden: &Garden, client: &Client) -> (Tokens, Vec<String>) {
    let name = |number| format!("test.garden.plantWithQuiteALongName{number:03}");
    let names: Vec<String> = (0..100).map(name).collect();
    let collections: Vec<&str> = names.iter().map(String::as_str).collect();
    garden.publisher.publish(TEND, &tend(&collections));
    (login(&garden.server, client, alice()).await, names)
}

//
async fn a_scope_too_long_for_a_header_is_referred_to_by_its_hash(engine: Engine) {
    let garden = Garden::open(engine).await;
    let (tokens, collections) = large(&garden, &client(INCLUDE)).await;
    assert_eq!(tokens.scope, INCLUDE);
    // beside a proof and everything else a request has
    assert!(tokens.access_token.len() < 2048, "{}", tokens.access_token.len());
    let other = garden.server.another_instance().await;
    for server in [&garden.server, &other] {
        let reply = dereference(server, &claim(&tokens)).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
        assert_eq!(reply.json().as_object().unwrap().len(), 1);
        let text = reply.member("scope");
        assert_eq!(claim(&tokens), name_of(&text));
        let permissions = ScopeSet::parse(&text).unwrap();
        assert!(permissions.contains_str("atproto"));
        for name in &collections {
            assert_eq!(
                text.matches(name.as_str()).count(),
                1,
                "{name} is not once in {text}"
            );
        }
        let cached = reply.header("cache-control").unwrap();
        assert!(
            cached.contains("public") && cached.contains("immutable"),
            "{cached}"
        );
    }
}

// as many bytes as the policy says, and one more
async fn a_scope_is_in_the_token_as_long_as_it_fits(engine: Engine) {
    let text = "repo:test.garden.plant atproto";
    for (bytes_max, expected) in [
        (text.len(), text.to_owned()),
        (text.len() - 1, name_of(text)),
        (0, name_of(text)),
    ] {
        let garden =
            Garden::open_with(engine, |config| config.policy.token_scope_bytes_max = bytes_max).await;
        let tokens = login(&garden.server, &client(INCLUDE), alice()).await;
        assert_eq!(claim(&tokens), expected, "{bytes_max}");
    }
}

// contract section 3.4
async fn what_is_no_reference_of_ours_is_refused_by_its_name(engine: Engine) {
    let garden = Garden::open(engine).await;
    let (tokens, _) = large(&garden, &client(INCLUDE)).await;
    let known = claim(&tokens);
    let unknown = name_of("atproto");
    let upper = known.to_uppercase().replace("REF:", "ref:");
    for reference in [
        unknown.as_str(),
        &upper,
        "ref:",
        "ref",
        "ref:x",
        "atproto",
        "",
        "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk",
        &known[..known.len() - 1],
        &format!("{known}a"),
        &format!("{known}%20atproto"),
        &format!("%20{known}"),
        &format!("{known}%00"),
        "%FF",
        known.strip_prefix("ref:").unwrap(),
    ] {
        assert_refused(&dereference(&garden.server, reference).await);
    }
    for query in [
        String::new(),
        "?".to_owned(),
        "?scopes=atproto".to_owned(),
        format!("?scope={known}&scope={known}"),
        format!("?scope={known}&scope={unknown}"),
    ] {
        assert_refused(&garden.server.get(&format!("{PATH}{query}")).await);
    }
    assert_eq!(dereference(&garden.server, &known).await.code(), 200);
}

// D5: a PDS may ask until the last of its tokens is over, and for a day that it keeps them
async fn a_reference_outlives_its_tokens_and_is_swept_later(engine: Engine) {
    let garden = Garden::open(engine).await;
    let client = client(INCLUDE);
    let (mut tokens, _) = large(&garden, &client).await;
    let (server, reference) = (&garden.server, claim(&tokens));
    let sweep = async || {
        let store = server.app().store();
        store.sweep(server.clock().now(), 1_000).await.unwrap().scopes
    };
    server.clock().advance(10 * MINUTE);
    // the same permissions have the same name, which lives as long as the last of them
    assert_eq!(refresh(server, &client, &mut tokens).await, reference);
    for seconds in [15 * MINUTE, 2 * DAY - 1] {
        server.clock().advance(seconds);
        assert_eq!(sweep().await, 0);
        assert_eq!(dereference(server, &reference).await.code(), 200);
    }
    server.clock().advance(1);
    assert_refused(&dereference(server, &reference).await);
    assert_eq!(sweep().await, 1);
    assert_refused(&dereference(server, &reference).await);
}

both_engines! {
    a_scope_too_long_for_a_header_is_referred_to_by_its_hash,
    a_scope_is_in_the_token_as_long_as_it_fits,
    what_is_no_reference_of_ours_is_refused_by_its_name,
    a_reference_outlives_its_tokens_and_is_swept_later,
}
