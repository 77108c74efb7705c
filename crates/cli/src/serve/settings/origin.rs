//! Names of hosts: this service's own, and where it asks.

use entryway_oauth::issuer::Issuer;
use url::Url;

use crate::config::Section;

/// Whether a host is one of those that stand in examples for everybody's own (RFC 2606).
pub(super) fn is_example(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let under = |domain: &&str| {
        host == **domain || host.strip_suffix(*domain).is_some_and(|rest| rest.ends_with('.'))
    };
    EXAMPLES.iter().any(under)
}

const EXAMPLES: [&str; 5] = ["example", "example.com", "example.net", "example.org", "invalid"];

pub(super) fn issuer(root: &Section<'_>, is_development: bool) -> Option<Issuer> {
    let expected = if is_development {
        "an origin such as https://login.my-domain.com, or http://localhost:2583 here"
    } else {
        "an https origin of your own such as https://login.my-domain.com, http takes a section [development]"
    };
    root.required("issuer", expected, |text| {
        let origin = Issuer::parse(text).ok()?;
        let is_meant = origin.is_secure() && !is_example(origin.host());
        (is_development || is_meant).then_some(origin)
    })
}

/// The PLC directory.
pub(super) fn plc(root: &Section<'_>, is_development: bool) -> Option<Url> {
    let expected = if is_development {
        "the URL of a PLC directory such as https://plc.directory, or http://localhost:2582 here"
    } else {
        "the https URL of a PLC directory such as https://plc.directory"
    };
    let given = root.optional("plc_url", expected, |text| {
        let url = Url::parse(text).ok()?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let is_secure = url.scheme() == "https" || (is_development && url.scheme() == "http");
        (is_plain && is_secure).then_some(url)
    });
    if root.has("plc_url") {
        return given;
    }
    Url::parse(PLC).ok()
}

const PLC: &str = "https://plc.directory";

/// A page that people are pointed to.
pub(super) fn page(root: &Section<'_>, name: &str) -> Option<Url> {
    root.optional(name, "the https URL of a page", |text| {
        Url::parse(text).ok().filter(|url| url.scheme() == "https")
    })
}
