//! The JSON body of an XRPC procedure, read once and strictly.
//!
//! A member named twice is refused, since a PDS that passes a body on may have read the other one. Members
//! nobody asks for are ignored, as lexicons may grow; `null` is as good as absent.

use std::fmt;

use serde_json::{Map, Value};

use crate::json::Members;
use crate::xrpc_denial::XrpcDenial;

/// The members of a body, to be taken by name. `Debug` shows names only, since values hold secrets.
///
/// Its length is for the caller to bound. Objects inside it may name a member twice.
///
/// ```
/// use entryway_oauth::xrpc_input::Input;
/// let input = Input::from_json(br#"{"name":"my bot","privileged":true,"later":[]}"#).unwrap();
/// assert_eq!(input.required_text("name").unwrap(), "my bot");
/// assert_eq!(input.flag("privileged").unwrap(), Some(true));
/// assert_eq!(input.text("password").unwrap(), None);
/// assert!(input.required_text("later").is_err());
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Input(Map<String, Value>);

impl Input {
    /// Reads a body.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidRequest`] for what is not one JSON object, or names a member twice.
    pub fn from_json(body: &[u8]) -> Result<Self, XrpcDenial> {
        let no_object = XrpcDenial::InvalidRequest {
            expected: "the body must be one JSON object",
        };
        let text = std::str::from_utf8(body).map_err(|_| no_object.clone())?;
        let members = Members::read(text).map_err(|_| no_object.clone())?;
        if members.repeated().next().is_some() {
            return Err(XrpcDenial::InvalidRequest {
                expected: "the body must name no member twice",
            });
        }
        serde_json::from_str(text).map(Self).map_err(|_| no_object)
    }

    /// A member as it is; nothing where it is absent or `null`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, as long and as empty as it is.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterInvalid`] for anything else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, XrpcDenial> {
        let expected = "must be a string";
        self.typed(name, expected, Value::as_str)
    }

    /// A text that has to be there, and not empty.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterMissing`], and as [`Self::text`].
    pub fn required_text(&self, name: &'static str) -> Result<&str, XrpcDenial> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or(XrpcDenial::ParameterMissing { name })
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterInvalid`] for anything else.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, XrpcDenial> {
        self.typed(name, "must be true or false", Value::as_bool)
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterInvalid`] for anything else.
    pub fn integer(&self, name: &'static str) -> Result<Option<i64>, XrpcDenial> {
        self.typed(name, "must be an integer", Value::as_i64)
    }

    /// A list of texts.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterInvalid`] for anything else.
    pub fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, XrpcDenial> {
        self.typed(name, "must be an array of strings", |value| {
            value.as_array()?.iter().map(Value::as_str).collect()
        })
    }

    fn typed<'a, T>(
        &'a self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, XrpcDenial> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or(XrpcDenial::ParameterInvalid { name, expected })
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Result<Input, XrpcDenial> {
        Input::from_json(body.as_bytes())
    }

    fn reason(read: Result<impl fmt::Debug, XrpcDenial>) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn a_body_is_one_object_that_names_no_member_twice() {
        let no_object = "the body must be one JSON object";
        for body in [
            "",
            "null",
            "[]",
            "\"x\"",
            "{",
            "{}{}",
            "{\"name\":}",
            "{\"name\":NaN}",
            &format!("{{\"deep\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000)),
        ] {
            assert_eq!(reason(read(body)), no_object, "{body:.40}");
        }
        assert_eq!(reason(Input::from_json(b"{\"name\":\"\xff\"}")), no_object);
        for body in [
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","n\u0061me":"a"}"#,
            r#"{"name":null,"name":"a"}"#,
            r#"{"unknown":1,"unknown":2}"#,
        ] {
            assert_eq!(reason(read(body)), "the body must name no member twice", "{body}");
        }
    }

    #[test]
    fn a_member_of_another_type_is_refused_by_its_name() {
        let input = read(r#"{"a":1,"b":"x","c":[1],"d":{},"e":null,"f":"","g":["x","y"],"h":true}"#).unwrap();
        assert_eq!(reason(input.text("a")), "a must be a string");
        assert_eq!(reason(input.text("d")), "d must be a string");
        assert_eq!(reason(input.flag("b")), "b must be true or false");
        assert_eq!(reason(input.flag("a")), "a must be true or false");
        assert_eq!(reason(input.integer("b")), "b must be an integer");
        assert_eq!(reason(input.texts("b")), "b must be an array of strings");
        assert_eq!(reason(input.texts("c")), "c must be an array of strings");
        for missing in ["e", "f", "z"] {
            let denial = XrpcDenial::ParameterMissing { name: missing };
            assert_eq!(input.required_text(missing), Err(denial));
        }
        assert_eq!(input.text("e"), Ok(None));
        assert_eq!(input.text("f"), Ok(Some("")));
        assert_eq!(input.integer("a"), Ok(Some(1)));
        assert_eq!(input.flag("h"), Ok(Some(true)));
        assert_eq!(input.texts("g"), Ok(Some(vec!["x", "y"])));
    }

    #[test]
    fn a_number_that_is_not_whole_or_too_large_is_no_integer() {
        for number in ["1.5", "1e30", "99999999999999999999", "\"1\""] {
            let input = read(&format!("{{\"useCount\":{number}}}")).unwrap();
            assert_eq!(reason(input.integer("useCount")), "useCount must be an integer");
        }
    }

    #[test]
    fn a_body_never_prints_its_values() {
        let input = read(r#"{"identifier":"alice.test","password":"correct horse"}"#).unwrap();
        assert_eq!(format!("{input:?}"), r#"{"identifier", "password"}"#);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(Input::from_json(&body));
        }
    }
}
