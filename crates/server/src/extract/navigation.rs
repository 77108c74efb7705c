//! What a browser says of where a request comes from: fetch metadata and `Origin`.
//!
//! Old browsers send neither, so their absence is no refusal; the form token then stands alone.

use http::HeaderMap;
use http::header::ORIGIN;

use entryway_oauth::denial::Denial;
use entryway_oauth::issuer::Issuer;

/// Refuses a page that is loaded into a frame, an image, by a script, or ahead of time.
pub(crate) fn check_page(headers: &HeaderMap) -> Result<(), Denial> {
    let fits = |name, allowed: &[&str]| {
        headers.get(name).is_none_or(|value| {
            allowed
                .iter()
                .any(|allowed| value.as_bytes() == allowed.as_bytes())
        })
    };
    // a page fetched ahead of a click nobody has made yet must not own the request
    let ahead = headers
        .get("sec-purpose")
        .is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"));
    if !ahead && fits("sec-fetch-dest", &["document"]) && fits("sec-fetch-mode", &["navigate"]) {
        return Ok(());
    }
    Err(Denial::CrossSite)
}

/// Refuses a form that another site sends.
pub(crate) fn check_form(headers: &HeaderMap, issuer: &Issuer) -> Result<(), Denial> {
    check_page(headers)?;
    let mut origins = headers.get_all(ORIGIN).iter();
    let own_origin = origins.all(|origin| origin.as_bytes() == issuer.as_str().as_bytes());
    let same_site = headers
        .get("sec-fetch-site")
        .is_none_or(|site| site.as_bytes() == b"same-origin");
    if own_origin && same_site {
        Ok(())
    } else {
        Err(Denial::CrossSite)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    //
    #[test]
    fn only_this_site_sends_forms_and_only_a_window_opens_pages() {
        let issuer = Issuer::parse("https://entryway.example").unwrap();
        let navigate = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert_eq!(check_page(&headers(&navigate)), Ok(()));
        assert_eq!(check_page(&headers(&[])), Ok(()));
        for bad in [
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "image"),
            ("sec-fetch-mode", "cors"),
            ("sec-purpose", "prefetch;prerender"),
        ] {
            assert_eq!(check_page(&headers(&[bad])), Err(Denial::CrossSite), "{bad:?}");
        }
        for (name, value, fine) in [
            ("origin", "https://entryway.example", true),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("origin", "https://entryway.example.evil.example", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-site", false),
        ] {
            assert_eq!(
                check_form(&headers(&[(name, value)]), &issuer).is_ok(),
                fine,
                "{name}: {value}"
            );
        }
    }
}
