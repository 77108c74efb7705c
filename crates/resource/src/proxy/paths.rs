//! Which paths beside `/xrpc/` are passed on.

/// One of a PDS's own pages, such as `/account`, or all below one, such as `/oauth/*`.
///
/// ```
/// use entryway_resource::proxy::PagePattern;
/// let below: PagePattern = "/oauth/*".parse()?;
/// assert!(below.matches("/oauth/authorize") && !below.matches("/oauth"));
/// assert!("/xrpc/*".parse::<PagePattern>().is_err());
/// # Ok::<_, entryway_resource::proxy::InvalidPagePattern>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePattern {
    path: String,
    below: bool,
}

impl PagePattern {
    /// Whether the path is this page or one of these.
    pub fn matches(&self, path: &str) -> bool {
        if self.below {
            path.strip_prefix(&self.path).is_some_and(|rest| !rest.is_empty())
        } else {
            path == self.path
        }
    }
}

impl std::str::FromStr for PagePattern {
    type Err = InvalidPagePattern;

    fn from_str(text: &str) -> Result<Self, InvalidPagePattern> {
        let (path, below) = match text.strip_suffix('*') {
            Some(path) => (path, true),
            None => (text, false),
        };
        let is_plain = |segment: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
            segment.bytes().all(is_plain) && !matches!(segment, "" | "." | "..")
        };
        let segments = path.strip_prefix('/').ok_or(InvalidPagePattern)?;
        // at least one segment, so that no pattern is everything
        let segments = if below {
            segments.strip_suffix('/').ok_or(InvalidPagePattern)?
        } else {
            segments
        };
        if !segments.split('/').all(is_plain) || is_ours(path) {
            return Err(InvalidPagePattern);
        }
        Ok(Self {
            path: path.to_owned(),
            below,
        })
    }
}

/// The text is no path of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path such as /account, or all below one such as /oauth/*, outside of /xrpc/ and /.well-known/")]
pub struct InvalidPagePattern;

/// Whether the path is one about which nobody else has a say. Some routers do not tell cases apart.
pub(super) fn is_ours(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    ["xrpc", "_gate", ".well-known"]
        .iter()
        .any(|ours| first.eq_ignore_ascii_case(ours))
}

/// Documents that every PDS has for everybody.
pub(super) fn is_document(path: &str) -> bool {
    [
        "/",
        "/robots.txt",
        "/favicon.ico",
        "/tls-check",
        "/xrpc/_health",
        ATPROTO_DID,
        "/.well-known/did.json",
    ]
    .contains(&path)
}

/// Says which account a handle belongs to, on the host of the handle.
pub(super) const ATPROTO_DID: &str = "/.well-known/atproto-did";
/// Answered here: whose tokens are taken.
pub(super) const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Answered here: whether this gate can judge.
pub(super) const HEALTH: &str = "/_gate/health";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_page_or_all_below_one() {
        for (pattern, matching, other) in [
            ("/account", "/account", "/account/x"),
            ("/account/*", "/account/x/y", "/account"),
            ("/oauth/*", "/oauth/authorize", "/oauth/"),
            (
                "/@atproto/oauth-provider/*",
                "/@atproto/oauth-provider/a.js",
                "/@atproto/x",
            ),
        ] {
            let pattern: PagePattern = pattern.parse().unwrap();
            assert!(pattern.matches(matching), "{pattern:?}");
            assert!(!pattern.matches(other), "{pattern:?}");
        }
        for bad in [
            "",
            "account",
            "/",
            "/*",
            "*",
            "/a*",
            "/a/",
            "//a",
            "/a//b",
            "/../a",
            "/a b",
            "/%61",
            "/xrpc/*",
            "/XRPC/a",
            "/xrpc",
            "/.well-known/*",
            "/_gate/x",
            "/a/*/b",
        ] {
            assert_eq!(bad.parse::<PagePattern>(), Err(InvalidPagePattern), "{bad}");
        }
    }
}
