//! Which headers of a request go upstream.

use http::HeaderMap;
use http::header::{CONNECTION, HeaderName};

use super::fault::GateFault;

/// The headers without those of the connection: what `Connection` names was for us alone, and nothing
/// looks at it any more.
///
/// # Errors
/// [`GateFault::HeaderRepeated`] for a header of which two readers could take a different one.
pub(super) fn end_to_end(mut headers: HeaderMap) -> Result<HeaderMap, GateFault> {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        // an upgrade is looked at where one is allowed
        if name != "upgrade" {
            headers.remove(name);
        }
    }
    for name in SINGLE {
        if headers.get_all(name).iter().count() > 1 {
            return Err(GateFault::HeaderRepeated { name });
        }
    }
    Ok(headers)
}

/// What a call passes on; credentials are not among it.
pub(super) fn of_call(headers: &HeaderMap) -> HeaderMap {
    selected(headers, |name| {
        PASSED.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// What a page of the upstream's own gets beside that.
pub(super) fn of_page(headers: &HeaderMap) -> HeaderMap {
    selected(headers, |name| PASSED.contains(&name) || ON_PAGES.contains(&name))
}

fn selected(headers: &HeaderMap, passes: impl Fn(&str) -> bool) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| passes(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .fold(HeaderMap::new(), |mut passed, (name, value)| {
            passed.append(name, value);
            passed
        })
}

/// What describes a body and the answer that is wanted, and who asks.
const PASSED: [&str; 13] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-encoding",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "user-agent",
];

/// What the protocol and its largest app have headers for. `x-atproto-` is not among them.
const PREFIXES: [&str; 2] = ["atproto-", "x-bsky-"];

/// What the upstream's own sign-in looks at.
const ON_PAGES: [&str; 8] = [
    "cookie",
    "origin",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "x-csrf-token",
];

/// Of which there is one: permissions are read from them, or two of them would be two bodies.
const SINGLE: [&str; 4] = ["atproto-proxy", "content-encoding", "content-type", "upgrade"];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    const STAY: [&str; 26] = [
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "dpop",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-atproto-handle",
        "x-atproto-password",
        "x-entryway-identity",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-http-method-override",
        "x-ratelimit-bypass",
        "x-real-ip",
        "x-anything-else",
    ];

    //
    #[test]
    fn what_says_who_calls_and_how_stays_here() {
        let all: Vec<_> = STAY.iter().map(|name| (*name, "theirs")).collect();
        assert_eq!(names(&of_call(&headers(&all))), Vec::<&str>::new());
        assert_eq!(names(&of_page(&headers(&all))), ["cookie"]);
    }

    #[test]
    fn what_says_what_is_wanted_goes_on() {
        let all: Vec<_> = PASSED
            .iter()
            .chain(&["atproto-proxy", "atproto-accept-labelers", "x-bsky-topics"])
            .map(|name| (*name, "theirs"))
            .collect();
        let kept = headers(&all);
        assert_eq!(of_call(&kept), kept);
    }

    //
    #[test]
    fn what_connection_names_is_there_for_nobody() {
        let kept = end_to_end(headers(&[
            ("connection", "keep-alive, Content-Type"),
            ("connection", "x-bsky-topics,upgrade, not a name"),
            ("content-type", "image/png"),
            ("x-bsky-topics", "a"),
            ("upgrade", "websocket"),
            ("accept", "b"),
        ]))
        .unwrap();
        assert!(kept.contains_key("connection") && kept.contains_key("upgrade"));
        assert_eq!(names(&of_call(&kept)), ["accept"]);
    }

    #[test]
    fn a_header_that_permissions_are_read_from_is_there_once() {
        for name in SINGLE {
            assert!(end_to_end(headers(&[(name, "a")])).is_ok(), "{name}");
            let twice = end_to_end(headers(&[(name, "a"), (name, "a")]));
            assert!(matches!(twice, Err(GateFault::HeaderRepeated { .. })), "{name}");
        }
        assert!(end_to_end(headers(&[("accept", "a"), ("accept", "b")])).is_ok());
    }
}
