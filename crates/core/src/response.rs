//! The answer to an authorization request, and how it travels back.

use url::form_urlencoded;

use entryway_oauth::denial::Denial;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::secret::AuthorizationCode;

use crate::request::{AuthorizationRequest, ResponseMode};

/// An answer on its way to the client's redirect URI.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Send the browser to this URL with status 303.
    Redirect(String),
    /// Show a form that posts these fields.
    Form {
        /// Where to.
        action: &'a RedirectUri,
        /// Names and values.
        fields: Vec<(&'static str, String)>,
    },
}

/// The answer that carries a code: `code`, `state`, `iss` and nothing else (R-154, RFC 9207).
pub fn success<'a>(
    request: &'a AuthorizationRequest,
    code: &AuthorizationCode,
    issuer: &Issuer,
) -> Answer<'a> {
    answer(request, vec![("code", code.expose().to_owned())], issuer)
}

/// The answer that carries a denial.
pub fn failure<'a>(request: &'a AuthorizationRequest, denial: &Denial, issuer: &Issuer) -> Answer<'a> {
    let fields = vec![
        ("error", denial.code().to_owned()),
        ("error_description", denial.to_string()),
    ];
    answer(request, fields, issuer)
}

fn answer<'a>(
    request: &'a AuthorizationRequest,
    mut fields: Vec<(&'static str, String)>,
    issuer: &Issuer,
) -> Answer<'a> {
    fields.push(("state", request.state.clone()));
    fields.push(("iss", issuer.to_string()));
    let encoded = || {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish()
    };
    let uri = request.redirect_uri.as_str();
    match request.response_mode {
        ResponseMode::FormPost => Answer::Form {
            action: &request.redirect_uri,
            fields,
        },
        ResponseMode::Fragment => Answer::Redirect(format!("{uri}#{}", encoded())),
        // the registered text is kept as it is, also when it has a query
        ResponseMode::Query => {
            let joint = match uri.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            Answer::Redirect(format!("{uri}{joint}{}", encoded()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn location(uri: &str, mode: ResponseMode, state: &str) -> String {
        let request = AuthorizationRequest {
            redirect_uri: RedirectUri::parse(uri).unwrap(),
            response_mode: mode,
            state: state.to_owned(),
            ..fixtures::request()
        };
        match failure(
            &request,
            &Denial::AccessDenied,
            &Issuer::parse("https://e.example").unwrap(),
        ) {
            Answer::Redirect(location) => location,
            Answer::Form { .. } => panic!("expected a redirect"),
        }
    }

    //
    #[test]
    fn the_answer_is_appended_to_the_registered_text() {
        let tail = "error=access_denied&error_description=the+account%27s+owner+denied+the+request&state=s&iss=https%3A%2F%2Fe.example";
        for (uri, mode, start) in [
            (
                "http://127.0.0.1:1/cb",
                ResponseMode::Query,
                "http://127.0.0.1:1/cb?",
            ),
            (
                "http://127.0.0.1:1/cb?x=1",
                ResponseMode::Query,
                "http://127.0.0.1:1/cb?x=1&",
            ),
            (
                "http://127.0.0.1:1/cb?",
                ResponseMode::Query,
                "http://127.0.0.1:1/cb?",
            ),
            ("http://127.0.0.1:1", ResponseMode::Query, "http://127.0.0.1:1?"),
            (
                "http://127.0.0.1:1/cb?x=1",
                ResponseMode::Fragment,
                "http://127.0.0.1:1/cb?x=1#",
            ),
        ] {
            assert_eq!(location(uri, mode, "s"), format!("{start}{tail}"), "{uri}");
        }
    }

    //
    #[test]
    fn a_special_state_round_trips() {
        let state = "&#%+= ü\u{2028}/?";
        let location = location("http://127.0.0.1:1/cb", ResponseMode::Query, state);
        let url = url::Url::parse(&location).unwrap();
        let read: Vec<_> = url.query_pairs().filter(|(name, _)| name == "state").collect();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].1, state);
    }

    #[test]
    fn form_post_keeps_values_out_of_the_url() {
        let request = AuthorizationRequest {
            response_mode: ResponseMode::FormPost,
            ..fixtures::request()
        };
        let code = AuthorizationCode::from_entropy([1; 32]);
        let answer = success(&request, &code, &Issuer::parse("https://e.example").unwrap());
        let Answer::Form { action, fields } = answer else {
            panic!("expected a form")
        };
        assert_eq!(action, &request.redirect_uri);
        assert_eq!(
            fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["code", "state", "iss"]
        );
    }
}
