//! What a browser calls itself.

use http::HeaderMap;
use http::header::USER_AGENT;

use entryway_core::device::Device;

/// The device of a request; an unknown one where the header is absent, repeated or not text.
pub(crate) fn of(headers: &HeaderMap) -> Device {
    let mut values = headers.get_all(USER_AGENT).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(user_agent), None) => Device::of_user_agent(user_agent),
        _ => Device::default(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_header_that_is_repeated_or_no_text_names_no_device() {
        let firefox = HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
        let latin = HeaderValue::from_bytes(b"Firefox/140.0 \xe9").unwrap();
        for (values, expected) in [
            (&[][..], "-/-"),
            (std::slice::from_ref(&firefox), "firefox/linux"),
            (&[firefox.clone(), firefox.clone()], "-/-"),
            (&[latin], "-/-"),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(USER_AGENT, value.clone());
            }
            assert_eq!(of(&headers).name(), expected, "{values:?}");
        }
    }
}
