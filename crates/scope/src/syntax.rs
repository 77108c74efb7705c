//! The shape all granular values share: `resource [":" positional] ["?" query]`.
//!
//! Reading is linear in the length of the text and borrows from it wherever nothing is escaped. What a parameter may
//! hold is for the resource to say.

use crate::InvalidValue;
use std::borrow::Cow;
use std::fmt;

/// A value taken apart and unescaped, its resource already known.
#[derive(Debug, PartialEq)]
pub(crate) struct Syntax<'a> {
    positional: Option<Cow<'a, str>>,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Syntax<'a> {
    /// Reads what follows the resource: nothing, or a text that starts with `:` or `?`. A bare `?` at the end is
    /// ignored, as are empty parts of the query.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidValue> {
        let (head, query) = text.split_once('?').unwrap_or((text, ""));
        let positional = head.strip_prefix(':').map(unescape).transpose()?;
        let mut parameters = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            parameters.push((unescape_form(name)?, unescape_form(value)?));
        }
        Ok(Self {
            positional,
            parameters,
        })
    }

    /// Refuses parameters the resource does not have, lest a narrowing nobody understood be left out.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), InvalidValue> {
        let known = self
            .parameters
            .iter()
            .all(|(name, _)| names.contains(&name.as_ref()));
        if known {
            Ok(())
        } else {
            Err(InvalidValue::UnknownParameter)
        }
    }

    /// The values of the parameter that may also stand after the colon; possibly none.
    pub(crate) fn main(&self, name: &str) -> Result<Vec<&str>, InvalidValue> {
        let named: Vec<_> = self.many(name).collect();
        match &self.positional {
            None => Ok(named),
            Some(positional) if named.is_empty() => Ok(vec![positional]),
            Some(_) => Err(InvalidValue::GivenTwice),
        }
    }

    /// The same, for a parameter that has one value.
    pub(crate) fn main_single(&self, name: &str) -> Result<Option<&str>, InvalidValue> {
        single(self.main(name)?)
    }

    /// The values of a parameter that may be repeated; possibly none.
    pub(crate) fn many(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
    }

    /// The value of a parameter that may stand once.
    pub(crate) fn single(&self, name: &str) -> Result<Option<&str>, InvalidValue> {
        single(self.many(name).collect())
    }
}

fn single(values: Vec<&str>) -> Result<Option<&str>, InvalidValue> {
    if values.len() > 1 {
        Err(InvalidValue::Repeated)
    } else {
        Ok(values.into_iter().next())
    }
}

/// Writes a value in normal form: one value of the main parameter after the colon, several by name; then the others.
pub(crate) fn write<'a>(
    f: &mut fmt::Formatter<'_>,
    resource: &str,
    main: (&str, &[&str]),
    others: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> fmt::Result {
    f.write_str(resource)?;
    let (name, values) = main;
    let mut mark = '?';
    if let [value] = values {
        write!(f, ":{}", Escaped(value, is_plain_after_colon))?;
    } else {
        for value in values {
            write!(f, "{mark}{name}={}", Escaped(value, is_plain_in_query))?;
            mark = '&';
        }
    }
    for (name, value) in others {
        write!(f, "{mark}{name}={}", Escaped(value, is_plain_in_query))?;
        mark = '&';
    }
    Ok(())
}

/// A text, and which of its bytes may stand as they are.
struct Escaped<'a>(&'a str, fn(u8) -> bool);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, is_plain) = self;
        for byte in text.bytes() {
            if is_plain(byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// `%` is always escaped: a did:web with a port holds one, and would not survive being read again.
fn is_plain_after_colon(byte: u8) -> bool {
    is_plain_in_query(byte) || matches!(byte, b'+' | b'!' | b'~' | b'\'' | b'(' | b')')
}

/// `+` would be read as a space.
fn is_plain_in_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_' | b':' | b'/' | b',' | b'@')
}

/// `application/x-www-form-urlencoded`, where `+` is a space.
fn unescape_form(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        unescape(&spaced).map(|plain| Cow::Owned(plain.into_owned()))
    } else {
        unescape(text)
    }
}

/// RFC 3986 section 2.1, strictly: a stray `%` or bytes that are not UTF-8 are a fault, not themselves (R-375).
fn unescape(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
    let mut parts = text.split('%');
    let plain = parts.next().unwrap_or_default();
    if plain.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = plain.as_bytes().to_vec();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).ok_or(InvalidValue::Escape)?;
        bytes.push(hex_pair(escape).ok_or(InvalidValue::Escape)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| InvalidValue::Escape)
}

fn hex_pair(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits {
        u8::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_read_from_left_to_right() {
        for (text, positional, parameters) in [
            ("", None, vec![]),
            (":", Some(""), vec![]),
            (":a", Some("a"), vec![]),
            (":a:b", Some("a:b"), vec![]),
            (":a%3Ab%20c+d", Some("a:b c+d"), vec![]),
            ("?", None, vec![]),
            (":a?", Some("a"), vec![]),
            ("?x=1", None, vec![("x", "1")]),
            (
                ":a?x=1&y=2&x=3",
                Some("a"),
                vec![("x", "1"), ("y", "2"), ("x", "3")],
            ),
            ("?x=a:b?c=d", None, vec![("x", "a:b?c=d")]),
            ("?&x=1&&", None, vec![("x", "1")]),
            ("?x", None, vec![("x", "")]),
            ("?=1", None, vec![("", "1")]),
            ("?%78=%31+2%2B3", None, vec![("x", "1 2+3")]),
        ] {
            let positional = positional.map(Cow::Borrowed);
            let parameters = parameters
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect();
            assert_eq!(
                Syntax::parse(text),
                Ok(Syntax {
                    positional,
                    parameters
                }),
                "{text}"
            );
        }
    }

    // R-375
    #[test]
    fn a_bad_escape_is_refused_wherever_it_stands() {
        for text in [
            ":%",
            ":%z",
            ":%zz",
            ":%4",
            ":%+1",
            ":%ff",
            ":a%c3",
            "?x=%",
            "?x=%zz",
            "?%ff=1",
            "?x=%c3%28",
            ":%\u{e9}",
        ] {
            assert_eq!(Syntax::parse(text), Err(InvalidValue::Escape), "{text}");
        }
    }

    #[test]
    fn nothing_is_copied_that_is_not_escaped() {
        let syntax = Syntax::parse(":a.b.c?action=create").unwrap();
        assert!(matches!(syntax.positional, Some(Cow::Borrowed("a.b.c"))));
        assert!(matches!(
            syntax.parameters[0],
            (Cow::Borrowed("action"), Cow::Borrowed("create"))
        ));
    }

    proptest! {
        // R-388
        #[test]
        fn what_is_written_is_read_again(main in "\\PC{0,20}", other in "\\PC{0,20}") {
            struct Value<'a>(&'a [&'a str], &'a str);
            impl fmt::Display for Value<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write(f, "r", ("m", self.0), [("o", self.1)])
                }
            }
            for values in [&[main.as_str()][..], &[main.as_str(), other.as_str()]] {
                let text = Value(values, &other).to_string();
                prop_assert!(crate::is_printable(&text));
                let syntax = Syntax::parse(text.strip_prefix('r').unwrap()).unwrap();
                prop_assert_eq!(syntax.main("m").unwrap(), values);
                prop_assert_eq!(syntax.single("o").unwrap(), Some(other.as_str()));
            }
        }
    }
}
