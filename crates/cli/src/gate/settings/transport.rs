//! Where plain http may go.

use std::net::IpAddr;

use http::Uri;

use entryway_oauth::issuer::Issuer;

use crate::config::Section;

/// Whether clients may be met without TLS.
#[derive(Clone, Copy)]
pub(super) struct Transport {
    pub(super) development: bool,
}

impl Transport {
    /// An https origin; for development one of http on this machine too.
    pub(super) fn origin(self, section: &Section<'_>, name: &str) -> Option<Issuer> {
        let expected = if self.development {
            "an origin such as https://pds.example.com, or http://localhost:2583 here"
        } else {
            "an https origin such as https://pds.example.com, http takes development = true"
        };
        section.required(name, expected, |text| {
            let origin = Issuer::parse(text).ok()?;
            (self.development || origin.is_secure()).then_some(origin)
        })
    }

    /// Where a PDS really is: https, or http that stays on this machine or on wires the operator answers
    /// for.
    pub(super) fn upstream(self, section: &Section<'_>, name: &str) -> Option<Uri> {
        let in_clear = section.flag("upstream_in_clear") || self.development;
        let is_origin = |uri: &Uri| {
            uri.path() == "/" && uri.query().is_none() && matches!(uri.scheme_str(), Some("http" | "https"))
        };
        let upstream = section.required(
            name,
            "an http or https origin such as http://127.0.0.1:3000",
            |text| text.parse::<Uri>().ok().filter(is_origin),
        )?;
        if upstream.scheme_str() == Some("http") && !in_clear && !is_loopback(&upstream) {
            section.fault(
                name,
                "must be https unless it is on this machine, or upstream_in_clear = true says that nobody \
                 else hears what passes there",
            );
            return None;
        }
        Some(upstream)
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let address: Option<IpAddr> = bare.unwrap_or(host).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}
