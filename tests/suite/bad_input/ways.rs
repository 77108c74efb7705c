//! Ways to spoil a parameter that are wrong whatever it means.

use entryway_tests::Encoding;
use serde_json::Value;
use url::form_urlencoded;

/// Longer than any value may be, and within what a body may be.
pub(super) const LONG: usize = 64 * 1024;

/// In the place of `name=value`, both escaped. `{n}` and `{v}` stand for them, `{long}` for 64 KiB.
pub(super) const FORM: &[(&str, &[u8])] = &[
    ("repeated", b"{n}={v}&{n}={v}"),
    ("repeated with another value", b"{n}={v}&{n}=x"),
    ("repeated and empty", b"{n}=&{n}="),
    ("repeated, once escaped", b"{n}={v}&%{hex}{rest}={v}"),
    ("64 KiB", b"{n}={long}"),
    ("not UTF-8", b"{n}={v}%ff"),
    ("an overlong slash", b"{n}={v}%c0%af"),
    ("half a pair", b"{n}={v}%ed%a0%80"),
    ("NUL", b"{n}={v}%00"),
    ("nothing but NUL", b"{n}=%00"),
    ("a line break", b"{n}={v}%0d%0aSet-Cookie:%20a=b"),
    ("a tabulator", b"{n}=%09{v}"),
    ("an escape sequence", b"{n}={v}%1b%5b31m"),
    ("DEL", b"{n}={v}%7f"),
    ("a C1 control", b"{n}={v}%c2%85"),
    ("an escape of no byte", b"{n}={v}%zz"),
    ("half an escape", b"{n}={v}%2"),
    ("a lone percent sign", b"{n}=%"),
    ("a name with NUL", b"{n}={v}&{n}%00=x"),
    ("a name that is not UTF-8", b"{n}={v}&{n}%ff=x"),
];

/// As [`FORM`], with bytes that only a body can have.
pub(super) const RAW: &[(&str, &[u8])] = &[
    ("a raw byte that is not UTF-8", b"{n}={v}\xff"),
    ("a raw NUL", b"{n}={v}\0"),
    ("a raw line break", b"{n}={v}\r\n"),
];

/// In the place of `"name":"value"`. `{n}` and `{v}` stand for them with their quotes, `{long}` for 64 KiB.
pub(super) const JSON: &[(&str, &[u8])] = &[
    ("repeated", b"{n}:{v},{n}:{v}"),
    ("repeated with another value", b"{n}:{v},{n}:\"x\""),
    ("64 KiB", b"{n}:\"{long}\""),
    ("a number beyond numbers", b"{n}:1e999"),
    ("NUL", b"{n}:\"\\u0000\""),
    ("a line break", b"{n}:\"a\\r\\nb\""),
    ("an escape sequence", b"{n}:\"\\u001b[31m\""),
    ("DEL", b"{n}:\"a\\u007f\""),
    ("a C1 control", b"{n}:\"a\\u0085\""),
    ("half a pair", b"{n}:\"\\ud800\""),
    ("a raw byte that is not UTF-8", b"{n}:\"\xff\""),
    ("a raw NUL", b"{n}:\"\0\""),
    ("a raw line break", b"{n}:\"\r\n\""),
    ("no quotes", b"{n}:alice"),
    ("single quotes", b"{n}:'alice'"),
    ("nothing", b"{n}:"),
    ("a comma behind", b"{n}:{v},"),
];

/// As [`JSON`], with other things than texts.
pub(super) const TYPES: &[(&str, &[u8])] = &[
    ("a number", b"{n}:1"),
    ("true", b"{n}:true"),
    ("an empty array", b"{n}:[]"),
    ("an array of it", b"{n}:[{v}]"),
    ("an empty object", b"{n}:{}"),
    ("an object of it", b"{n}:{{n}:{v}}"),
];

/// A character that makes what follows it be written from right to left.
pub(super) const BIDI: &str = "\u{202e}";

/// The parameters with the one of this name sent in this way.
pub(super) fn spoilt(parameters: &[(String, String)], encoding: Encoding, name: &str, way: &[u8]) -> Vec<u8> {
    let members = parameters.iter().map(|(known, value)| {
        let as_usual: &[u8] = match encoding {
            Encoding::Form => b"{n}={v}",
            Encoding::Json => b"{n}:{v}",
        };
        fill(if known == name { way } else { as_usual }, encoding, known, value)
    });
    let members: Vec<Vec<u8>> = members.collect();
    match encoding {
        Encoding::Form => members.join(&b'&'),
        Encoding::Json => [b"{", &members.join(&b',')[..], b"}"].concat(),
    }
}

fn fill(way: &[u8], encoding: Encoding, name: &str, value: &str) -> Vec<u8> {
    let write = |text: &str| match encoding {
        Encoding::Form => form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>(),
        Encoding::Json => Value::from(text).to_string(),
    };
    let places = [
        ("{n}", write(name)),
        ("{v}", write(value)),
        ("{long}", "a".repeat(LONG)),
        ("{hex}", format!("{:02x}", name.as_bytes()[0])),
        ("{rest}", name[1..].to_owned()),
    ];
    let (mut filled, mut rest) = (Vec::new(), way);
    while let Some((&first, behind)) = rest.split_first() {
        let place = places
            .iter()
            .find(|(place, _)| rest.starts_with(place.as_bytes()));
        if let Some((place, text)) = place {
            filled.extend(text.as_bytes());
            rest = &rest[place.len()..];
        } else {
            filled.push(first);
            rest = behind;
        }
    }
    filled
}
