//! Calls that would be one thing to us and another to the PDS, or to the one it calls.

use proptest::prelude::*;

use super::sample::{Sample, permissions};
use super::*;

/// What is refused, in the words of the refusal.
fn refused(line: &str, headers: &[(&'static str, &str)]) -> String {
    let sample = Sample {
        line,
        headers,
        body: r#"{"collection":"a.b.c"}"#,
    };
    let refusal = sample.needs(&permissions()).expect_err(line);
    assert_eq!(
        (refusal.status().as_u16(), refusal.code()),
        (400, "InvalidRequest"),
        "{line}"
    );
    refusal.to_string()
}

// R-459
#[test]
fn a_proxy_header_that_two_readers_split_in_two_ways() {
    for line in [
        "GET app.bsky.feed.getTimeline",
        "GET com.example.other.thing",
        "GET com.atproto.server.getSession",
    ] {
        for value in [
            "",
            "#bsky_appview",
            "did:web:api.bsky.app",
            "did:web:api.bsky.app#",
            "did:web:api.bsky.app##bsky_appview",
            "did:web:api.bsky.app#a#b",
            "did:web:api.bsky.app #bsky_appview",
            "did:web:api.bsky.app#bsky appview",
            "did:web:a.example#a,did:web:b.example#b",
            "did:web:a.example#a, did:web:b.example",
            "did:web:api.bsky.app/path#bsky_appview",
            "did:key:zQ3sh#svc",
            "https://api.bsky.app#bsky_appview",
            "api.bsky.app#bsky_appview",
            "\u{e9}",
        ] {
            let expected = "atproto-proxy must be one did, one hash and the name of a service";
            assert_eq!(refused(line, &[("atproto-proxy", value)]), expected, "{value}");
        }
        let service = ("atproto-proxy", "did:web:api.bsky.app#bsky_appview");
        refused(line, &[service, service]);
        refused(line, &[service, ("atproto-proxy", "did:web:evil.example#svc")]);
    }
}

// R-459: nobody to ask in whose name the call would be made
#[test]
fn a_call_without_a_service_to_go_to() {
    for line in [
        "GET app.bsky.feed.getTimeline",
        "GET com.example.other.thing",
        "POST com.atproto.moderation.createReport",
    ] {
        let sample = Sample {
            line,
            headers: &[],
            body: "",
        };
        let refusal = sample
            .needs(&Permissions::new(PermissionsConfig::default()))
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "atproto-proxy must name the service of this method"
        );
    }
}

// R-466, R-452
#[test]
fn another_http_method_than_the_one_a_method_is_called_by() {
    let headers = [
        ("content-type", "application/json"),
        ("x-http-method-override", "POST"),
    ];
    for row in table::TABLE {
        let wrong = match row.verb {
            Verb::Query => ["POST", "PUT", "DELETE", "OPTIONS", "post"],
            Verb::Procedure => ["GET", "HEAD", "PATCH", "TRACE", "get"],
        };
        for verb in wrong {
            refused(&format!("{verb} {}", row.nsid), &headers);
        }
    }
    for verb in [
        "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get", "post", "GETS",
    ] {
        let refusal = refused(&format!("{verb} com.example.other.thing"), &headers);
        assert_eq!(refusal, "xrpc is called by get, head or post");
    }
}

/// The reference's router has no regard for case: it would write a record for a caller that was only asked whether
/// it may call a method of that name somewhere else.
#[test]
fn a_method_whose_name_is_known_in_another_case() {
    let headers = [
        ("content-type", "application/json"),
        ("atproto-proxy", "did:web:evil.example#svc"),
    ];
    for row in table::TABLE {
        let verb = if row.verb == Verb::Query { "GET" } else { "POST" };
        for name in [
            row.nsid.to_lowercase(),
            row.nsid.to_uppercase(),
            row.nsid.replacen('c', "C", 1),
        ] {
            if name != row.nsid {
                let refusal = refused(&format!("{verb} {name}"), &headers);
                assert_eq!(refusal, "the method must be written in the case of its lexicon");
            }
        }
    }
}

// R-464: with such a token its holder passes for the PDS
#[test]
fn a_service_token_for_a_protected_method() {
    for method in [
        "com.atproto.admin.sendEmail",
        "com.atproto.identity.updateHandle",
        "com.atproto.identity.signPlcOperation",
        "com.atproto.server.getSession",
        "com.atproto.server.createAppPassword",
        "com.atproto.server.deactivateAccount",
        "com.atproto.server.updateEmail",
        "com.atproto.server.updateemail",
        "COM.ATPROTO.SERVER.UPDATEEMAIL",
        "com.atproto.server.%75pdateEmail",
    ] {
        let refusal = refused(
            &format!("GET com.atproto.server.getServiceAuth?aud=did:web:h&lxm={method}"),
            &[],
        );
        assert_eq!(refusal, "lxm must not be a protected method");
    }
}

// R-385
#[test]
fn a_query_that_two_readers_read_in_two_ways() {
    for query in [
        "",
        "lxm=a.b.c",
        "aud=",
        "aud",
        "aud=did:web:h&aud=did:web:h",
        "aud=did:web:h&aud=did:web:evil.example",
        "aud=did:web:h&%61ud=did:web:evil.example",
        "aud=did:web:h&lxm=a.b.c&lxm=a.b.d",
        "aud=did:web:h&lxm=a.b.c&lxm=",
        // readers that know lists
        "aud=did:web:h&lxm[]=a.b.c",
        "aud=did:web:h&lxm%5B0%5D=a.b.c",
        "aud=did:web:h&[lxm]=a.b.c",
        "aud[]=did:web:h",
        // readers that split at semicolons
        "aud=did:web:h&x=1;lxm=a.b.c",
        "aud=did:web:h;lxm=a.b.c",
        // the reference drops a second question mark
        "?aud=did:web:h&lxm=a.b.c",
        "?lxm=a.b.c&aud=did:web:h",
        // decoded twice, by `+`, or by nobody
        "aud=did%253Aweb%253Ah",
        "aud=did:web:h+",
        "aud=+did:web:h",
        "aud=did:web:h%00",
        "aud=did:web:h%ff",
        "aud=did:web:h%",
        "aud=did:web:h%23",
        "aud=did:web:h%23a%23b",
        "aud=*",
        "aud=https://h",
        "aud=did:key:zQ3sh",
        // `*` is what an absent one means; nobody writes it
        "aud=did:web:h&lxm=*",
        "aud=did:web:h&lxm=",
        "aud=did:web:h&lxm",
        "aud=did:web:h&lxm=a.b.c+",
        "aud=did:web:h&lxm=a.b.c%0a",
        "aud=did:web:h&lxm=%252a",
        "aud=did:web:h&lxm=app.bsky.*",
    ] {
        refused(&format!("GET com.atproto.server.getServiceAuth?{query}"), &[]);
    }
    refused("GET com.atproto.server.getServiceAuth", &[]);
}

// R-384
#[test]
fn an_upload_of_several_types_or_of_none() {
    for types in [
        &[][..],
        &["image/png", "image/png"],
        &["image/png", "text/html"],
        &["image/png, text/html"],
        &["image/png text/html"],
        &["image/png,text/html;a"],
        &[""],
        &[";image/png"],
        &["image"],
        &["png"],
        &["/png"],
        &["image/"],
        &["image/png/x"],
        &["image/p\u{e9}g"],
        &["image\\/png"],
        &["\"image/png\""],
    ] {
        let headers: Vec<_> = types.iter().map(|value| ("content-type", *value)).collect();
        refused("POST com.atproto.repo.uploadBlob", &headers);
    }
    let long = format!("image/{}", "a".repeat(250));
    refused("POST com.atproto.repo.uploadBlob", &[("content-type", &long)]);
}

#[test]
fn a_body_in_another_charset_or_packed() {
    for method in ["createRecord", "putRecord", "deleteRecord", "applyWrites"] {
        let line = format!("POST com.atproto.repo.{method}");
        for content_type in [
            "application/json; charset=utf-16",
            "application/json; charset=utf-7",
            "application/json;charset=utf-8;charset=utf-16",
            "application/json; charset=utf-16; charset=utf-8",
            "application/json; charset*=utf-8''utf-16",
            "application/json; a=b",
            "application/json;",
            "application/json, application/cbor",
            "application/json+x",
            "application/ld+json",
            "text/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "*/*",
            "json",
        ] {
            refused(&line, &[("content-type", content_type)]);
        }
        let json = ("content-type", "application/json");
        refused(&line, &[]);
        refused(&line, &[json, json]);
        for encoding in [
            "gzip",
            "br",
            "deflate",
            "zstd",
            "identity, gzip",
            "",
            "x-identity",
        ] {
            refused(&line, &[json, ("content-encoding", encoding)]);
        }
        refused(
            &line,
            &[
                json,
                ("content-encoding", "identity"),
                ("content-encoding", "gzip"),
            ],
        );
    }
    for content_type in [
        "application/json",
        "Application/JSON ; Charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        let headers = [("content-type", content_type), ("content-encoding", "Identity")];
        let sample = Sample {
            line: "POST com.atproto.repo.createRecord",
            headers: &headers,
            body: r#"{"collection":"a.b.c"}"#,
        };
        assert_eq!(sample.needs(&permissions()).unwrap(), "repo:a.b.c?action=create");
    }
}

proptest! {
    #[test]
    fn no_headers_and_no_query_make_a_call_need_less_than_its_row(
        at in 0..table::TABLE.len(),
        query in ".{0,60}",
        get in any::<bool>(),
        content_type in proptest::collection::vec(any::<u8>(), 0..40),
        proxy in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-type", content_type), ("atproto-proxy", proxy)] {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                headers.append(name, value);
            }
        }
        let nsid = Nsid::parse(table::TABLE[at].nsid).unwrap();
        let method = if get { Method::GET } else { Method::POST };
        let query = Some(query.as_str());
        let call = Call { nsid: &nsid, method: &method, query, headers: &headers };
        let need = permissions().need(&call);
        match table::TABLE[at].rule {
            Rule::Public | Rule::Nothing => prop_assert!(need.is_err() || need == Ok(Need::Nothing)),
            Rule::Closed => prop_assert!(need.is_err() || need == Ok(Need::Never)),
            _ => match need {
                Ok(Need::Acts(acts)) => prop_assert!(!acts.is_empty()),
                other => prop_assert!(matches!(other, Err(_) | Ok(Need::Body(_)))),
            },
        }
    }
}
