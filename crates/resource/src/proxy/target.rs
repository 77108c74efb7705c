//! What a request asks for, from a path and a query that have one reading.
//!
//! Nothing that arrived is passed on as it was written: the path is made again from the parsed name of
//! the method, the query from its decoded pairs.

use std::fmt::Write as _;

use entryway_scope::Nsid;
use percent_encoding::percent_decode;
use url::form_urlencoded;

use super::fault::GateFault;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An XRPC method.
    Method(Method),
    /// Any other path, of plain segments.
    Path(Path),
}

/// `/xrpc/` and the name of a method, and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Method {
    nsid: Nsid,
    query: Option<String>,
}

impl Method {
    pub(super) fn nsid(&self) -> &Nsid {
        &self.nsid
    }

    /// The parameters as they are passed on.
    pub(super) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Whether it is one that sends events over a WebSocket. The lexicon would know; the name is a rule
    /// that every lexicon keeps.
    pub(super) fn is_subscription(&self) -> bool {
        self.nsid.name().starts_with("subscribe")
    }

    pub(super) fn path(&self) -> String {
        format!("/xrpc/{}", self.nsid.as_str())
    }
}

/// A path without anything that could be read in two ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    path: String,
    query: Option<String>,
}

impl Path {
    pub(super) fn as_str(&self) -> &str {
        &self.path
    }
}

impl Target {
    /// Reads the path and the query of a request.
    ///
    /// # Errors
    /// [`GateFault::TargetMalformed`].
    pub(super) fn read(path: &str, query: Option<&str>) -> Result<Self, GateFault> {
        let malformed = |expected| GateFault::TargetMalformed { expected };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@:".contains(&byte);
        if !path.starts_with('/') || !path.bytes().all(is_plain) {
            return Err(malformed(
                "the path must be of letters, digits and -._~/@: without escapes",
            ));
        }
        // a slash at the end is an empty segment too, but for the root
        if path != "/"
            && path[1..]
                .split('/')
                .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(malformed(
                "the path must not have empty segments or segments of dots",
            ));
        }
        let query = query
            .map(rewritten)
            .transpose()?
            .filter(|query| !query.is_empty());
        let Some(name) = path.strip_prefix("/xrpc/").filter(|name| *name != HEALTH) else {
            let path = path.to_owned();
            return Ok(Self::Path(Path { path, query }));
        };
        let nsid = Nsid::parse(name)
            .map_err(|_| malformed("after /xrpc/ must come the nsid of a method and nothing else"))?;
        // some routers do not tell cases apart, and the table of permissions does
        if nsid.group().bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(malformed(
                "the domain in the nsid of a method must be in lower case",
            ));
        }
        Ok(Self::Method(Method { nsid, query }))
    }

    /// Path and query as they are passed on.
    pub(super) fn path_and_query(&self) -> String {
        let (mut text, query) = match self {
            Self::Method(method) => (method.path(), &method.query),
            Self::Path(path) => (path.path.clone(), &path.query),
        };
        if let Some(query) = query {
            // writing to a string does not fail
            let _ = write!(text, "?{query}");
        }
        text
    }
}

/// The same pairs in the same order, escaped in the one way we do it.
fn rewritten(query: &str) -> Result<String, GateFault> {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if number == PAIRS_MAX {
            return Err(GateFault::TargetMalformed {
                expected: "the query must have at most 500 parameters",
            });
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.append_pair(&decoded(name)?, &decoded(value)?);
    }
    Ok(pairs.finish())
}

fn decoded(text: &str) -> Result<String, GateFault> {
    let malformed = GateFault::TargetMalformed {
        expected: "the query must be utf-8 in well-formed escapes, without NUL",
    };
    let escapes = text.split('%').skip(1);
    let are_well_formed = escapes
        .map(str::as_bytes)
        .all(|after| after.len() >= 2 && after[..2].iter().all(u8::is_ascii_hexdigit));
    let plus_is_space = text.replace('+', " ");
    match percent_decode(plus_is_space.as_bytes()).decode_utf8() {
        Ok(decoded) if are_well_formed && !decoded.contains('\0') => Ok(decoded.into_owned()),
        _ => Err(malformed),
    }
}

/// The reference PDS says under this name that it is well; an NSID it is not.
const HEALTH: &str = "_health";

/// Parameters of one call; `getRecords` of the largest list has a hundred.
const PAIRS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passed_on(target: &str) -> Result<String, String> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        Target::read(path, query)
            .map(|target| target.path_and_query())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_call_is_written_anew_from_what_was_read() {
        for (target, passed) in [
            ("/xrpc/a.b.c", "/xrpc/a.b.c"),
            ("/xrpc/a.b.c?", "/xrpc/a.b.c"),
            ("/xrpc/a.b.c?&&", "/xrpc/a.b.c"),
            (
                "/xrpc/com.atproto.repo.getRecord?repo=did:plc:a&rkey=b",
                "/xrpc/com.atproto.repo.getRecord?repo=did%3Aplc%3Aa&rkey=b",
            ),
            ("/xrpc/a.b.c?d=1&d=2&e", "/xrpc/a.b.c?d=1&d=2&e="),
            ("/xrpc/a.b.c?d=e=f", "/xrpc/a.b.c?d=e%3Df"),
            ("/xrpc/a.b.c?d=%2b+%20%26", "/xrpc/a.b.c?d=%2B++%26"),
            ("/xrpc/a.b.c?d=/x?y", "/xrpc/a.b.c?d=%2Fx%3Fy"),
            ("/xrpc/a.b.c?q=%F0%9F%A6%8B", "/xrpc/a.b.c?q=%F0%9F%A6%8B"),
            ("/xrpc/_health", "/xrpc/_health"),
            ("/", "/"),
            ("/.well-known/did.json", "/.well-known/did.json"),
            ("/tls-check?domain=a.example", "/tls-check?domain=a.example"),
            ("/@atproto/oauth-provider/x.js", "/@atproto/oauth-provider/x.js"),
        ] {
            assert_eq!(passed_on(target).as_deref(), Ok(passed), "{target}");
        }
    }

    //
    #[test]
    fn what_two_routers_could_read_in_two_ways_is_refused() {
        for target in [
            "//xrpc/a.b.c",
            "//evil.example/xrpc/a.b.c",
            "/xrpc//a.b.c",
            "/xrpc/a.b.c/",
            "/xrpc/a.b.c.",
            "/xrpc/.a.b.c",
            "/xrpc/a..c",
            "/xrpc/./a.b.c",
            "/xrpc/../a.b.c",
            "/x/../xrpc/a.b.c",
            "/xrpc/%2e%2e/a.b.c",
            "/xrpc%2fa.b.c",
            "/xrpc/a%2Eb.c",
            "/xrpc/a.b.c%00",
            "/xrpc/a.b.c%0d%0a",
            "/xrpc/a.b%5cc",
            "/xrpc\\a.b.c",
            "/xrpc/a.b.c;d",
            "/xrpc/a.b.c\0",
            "/xrpc/a.b.c/d",
            "/xrpc/a.b.c:d",
            "/xrpc/",
            "/xrpc/a.b",
            "/xrpc/a.b.c-d",
            "/xrpc/a.b.c\u{e9}",
            "/xrpc/A.b.c",
            "/xrpc/com.Atproto.server.getSession",
            "/account/",
            "/oauth/../account",
            "",
            "xrpc/a.b.c",
            "/xrpc/a.b.c?d=%",
            "/xrpc/a.b.c?d=%2",
            "/xrpc/a.b.c?d=%zz",
            "/xrpc/a.b.c?d=%00",
            "/xrpc/a.b.c?d=%ff",
            "/xrpc/a.b.c?%c0%ae=d",
        ] {
            assert!(passed_on(target).is_err(), "{target}");
        }
        let many = |count| format!("/xrpc/a.b.c?{}", vec!["d=e"; count].join("&"));
        assert!(passed_on(&many(PAIRS_MAX)).is_ok());
        assert!(passed_on(&many(PAIRS_MAX + 1)).is_err());
    }

    #[test]
    fn another_case_of_the_prefix_is_another_path() {
        for path in ["/XRPC/a.b.c", "/Xrpc/com.atproto.server.getSession"] {
            assert!(matches!(Target::read(path, None), Ok(Target::Path(_))), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_passed_on_reads_as_itself(target in "/[ -~]{0,60}|/xrpc/a\\.b\\.c\\?[ -~]{0,60}") {
            if let Ok(passed) = passed_on(&target) {
                prop_assert_eq!(passed_on(&passed), Ok(passed));
            }
        }
    }
}
