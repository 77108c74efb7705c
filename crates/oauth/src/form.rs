//! A request body, form or JSON, becomes [`Parameters`] once and strictly.
//!
//! Repeated names are refused, identical values too (RFC 6749 section 3.2, R-105): two parsers that
//! disagree about which one counts are an attack. Unknown names are ignored. Control characters are
//! refused everywhere, which also settles header injection through `state`.

use std::fmt;

use percent_encoding::percent_decode;
use serde::de::{Deserializer as _, MapAccess, Visitor};

use crate::denial::Denial;

/// Bytes of one request body.
pub const BODY_BYTES_MAX: usize = 100 * 1024;
/// Parameters in one request (R-510): a consent form has one for each of up to 512 scope values.
const PARAMETERS_MAX: usize = 600;
const TOO_MANY: Denial = Denial::BodyMalformed {
    expected: "at most 600 parameters",
};
/// Bytes of one value after decoding; room for the longest scope this service takes.
const VALUE_BYTES_MAX: usize = 16 * 1024;

/// The names this service reads; a repeated one is named in the refusal, another is not.
const KNOWN: [&str; 34] = [
    "access_token",
    "after",
    "authorization_details",
    "challenge",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "csrf",
    "decision",
    "display",
    "did",
    "dpop_jkt",
    "grant_type",
    "login_hint",
    "password",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
    "ui_locales",
    "username",
    "wait",
];

/// The parameters of one request: each name once, values free of control characters.
///
/// Does not check that any value makes sense. `Debug` shows names only, since values hold secrets.
///
/// ```
/// use entryway_oauth::form::Parameters;
/// let form = Parameters::from_form(b"grant_type=refresh_token&scope=").unwrap();
/// assert_eq!(form.required("grant_type").unwrap(), "refresh_token");
/// assert_eq!(form.optional("scope"), None);
/// assert!(Parameters::from_form(b"state=a&state=a").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` (also the query of a URL).
    ///
    /// # Errors
    /// [`Denial::BodyMalformed`] for a bad escape, text that is not UTF-8, a control character or too
    /// many parameters; [`Denial::ParameterRepeated`]; [`Denial::ParameterInvalid`] for a value over
    /// 16 KiB.
    pub fn from_form(body: &[u8]) -> Result<Self, Denial> {
        let mut parameters = Self::default();
        for pair in body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|&b| b == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            parameters.admit(decode(name)?, decode(value)?)?;
        }
        Ok(parameters)
    }

    /// Reads a JSON object whose members are strings, as the reference's endpoints also do (E19).
    ///
    /// # Errors
    /// As [`Self::from_form`]; a member that is not a string is [`Denial::ParameterInvalid`], except
    /// `null`, which counts as absent.
    pub fn from_json(body: &[u8]) -> Result<Self, Denial> {
        let mut parameters = Self::default();
        let mut denial = None;
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = json
            .deserialize_map(Members {
                parameters: &mut parameters,
                denial: &mut denial,
            })
            .and_then(|()| json.end());
        match (denial, read) {
            (Some(denial), _) => Err(denial),
            (None, Err(_)) => Err(Denial::BodyMalformed {
                expected: "it must be one JSON object",
            }),
            (None, Ok(())) => Ok(parameters),
        }
    }

    /// The value, if the parameter is present and not empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// The value of a parameter that must be present and not empty.
    pub fn required(&self, name: &'static str) -> Result<&str, Denial> {
        self.optional(name).ok_or(Denial::ParameterMissing { name })
    }

    /// Whether the parameter was sent at all, even empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn admit(&mut self, name: String, value: String) -> Result<(), Denial> {
        let known = KNOWN.iter().copied().find(|known| *known == name);
        if self.has(&name) {
            return Err(Denial::ParameterRepeated {
                name: known.unwrap_or("a parameter"),
            });
        }
        if self.0.len() == PARAMETERS_MAX {
            return Err(TOO_MANY);
        }
        let name_of_value = known.unwrap_or("a parameter");
        if value.len() > VALUE_BYTES_MAX || name.len() > VALUE_BYTES_MAX {
            return Err(Denial::ParameterInvalid {
                name: name_of_value,
                expected: "is longer than 16384 bytes",
            });
        }
        if value.chars().any(char::is_control) || name.chars().any(char::is_control) {
            return Err(Denial::ParameterInvalid {
                name: name_of_value,
                expected: "must not contain control characters",
            });
        }
        self.0.push((name, value));
        Ok(())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn decode(escaped: &[u8]) -> Result<String, Denial> {
    let mut rest = escaped.iter();
    while let Some(byte) = rest.next() {
        let whole = *byte != b'%'
            || (rest.next().is_some_and(u8::is_ascii_hexdigit)
                && rest.next().is_some_and(u8::is_ascii_hexdigit));
        if !whole {
            return Err(Denial::BodyMalformed {
                expected: "a percent sign must be followed by two hexadecimal digits",
            });
        }
    }
    let spaced: Vec<u8> = escaped
        .iter()
        .map(|&b| if b == b'+' { b' ' } else { b })
        .collect();
    String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| Denial::BodyMalformed {
        expected: "text must be UTF-8",
    })
}

struct Members<'a> {
    parameters: &'a mut Parameters,
    denial: &'a mut Option<Denial>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // absent or unknown all the same, but remembered, so that they cannot hide a repetition
        let mut passed_over: Vec<String> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
            let known = KNOWN.iter().copied().find(|known| *known == name);
            let admitted = match (value, known) {
                _ if passed_over.contains(&name) || self.parameters.has(&name) => {
                    Err(Denial::ParameterRepeated {
                        name: known.unwrap_or("a parameter"),
                    })
                }
                _ if passed_over.len() == PARAMETERS_MAX => Err(TOO_MANY),
                (serde_json::Value::String(text), _) => self.parameters.admit(name, text),
                // unknown parameters are ignored, whatever they are (R-106)
                (serde_json::Value::Null, _) | (_, None) => {
                    passed_over.push(name);
                    Ok(())
                }
                (_, Some(name)) => Err(Denial::ParameterInvalid {
                    name,
                    expected: "must be a string",
                }),
            };
            if let Err(denial) = admitted {
                *self.denial = Some(denial);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // R-105, R-225
    #[test]
    fn a_parameter_sent_twice_is_refused_even_with_the_same_value() {
        let twice = Err(Denial::ParameterRepeated { name: "scope" });
        assert_eq!(Parameters::from_json(br#"{"scope":"a","scope":null}"#), twice);
        assert_eq!(Parameters::from_json(br#"{"scope":null,"scope":"a"}"#), twice);
        assert_eq!(Parameters::from_form(b"scope=a&x=1&scope=a"), twice);
        assert_eq!(Parameters::from_form(b"scope=a&sc%6fpe=a"), twice);
        assert_eq!(Parameters::from_json(br#"{"scope":"a","scope":"a"}"#), twice);
    }

    #[test]
    fn malformed_bodies_are_refused() {
        for body in [
            &b"a=%"[..],
            b"a=%f",
            b"a=%zz",
            b"a=%ff",
            b"a=\xff",
            b"a=%00",
            b"a=%0d%0aSet-Cookie",
            b"%00=a",
        ] {
            assert!(Parameters::from_form(body).is_err(), "{body:?}");
        }
        for body in [
            "",
            "[]",
            "null",
            "\"a\"",
            "{\"scope\":1}",
            "{\"scope\":{}}",
            "{\"a\":\"b\"",
            "{}x",
            "{\"a\":\"\\u0000\"}",
        ] {
            assert!(Parameters::from_json(body.as_bytes()).is_err(), "{body}");
        }
    }

    // R-510
    #[test]
    fn ten_thousand_parameters_are_refused() {
        let many = (0..10_000)
            .map(|i| format!("a{i}="))
            .collect::<Vec<_>>()
            .join("&");
        assert!(Parameters::from_form(many.as_bytes()).is_err());
    }

    #[test]
    fn an_oversized_value_is_refused_and_named() {
        let body = format!("state={}", "s".repeat(64 * 1024));
        assert!(matches!(
            Parameters::from_form(body.as_bytes()),
            Err(Denial::ParameterInvalid { name: "state", .. })
        ));
    }

    #[test]
    fn deep_json_is_refused_without_a_crash() {
        let deep = format!("{{\"a\":{}", "[".repeat(50_000));
        assert!(Parameters::from_json(deep.as_bytes()).is_err());
    }

    #[test]
    fn form_and_json_mean_the_same() {
        let form = Parameters::from_form(b"client_id=http%3A%2F%2Flocalhost&state=a+b").unwrap();
        let json =
            Parameters::from_json(br#"{"client_id":"http://localhost","state":"a b","code":null}"#).unwrap();
        assert_eq!(form, json);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Parameters::from_form(&body);
            let _ = Parameters::from_json(&body);
        }

        #[test]
        fn what_was_encoded_is_read_back(value in "[ -~]{1,200}") {
            let encoded: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", &value).finish();
            let read = Parameters::from_form(encoded.as_bytes()).unwrap();
            prop_assert_eq!(read.required("state").unwrap(), value);
        }
    }
}
