//! Scope values of few names, so that they meet; written in all the ways the grammar has, and in some it has not.

use crate::random::Random;

/// A value of the grammar's shape; most are valid.
pub(crate) fn value(random: &mut Random) -> String {
    match random.below(12) {
        0 => random.pick(FIXED).to_owned(),
        1 => random.pick(TRANSITION).to_owned(),
        2..=4 => {
            let names = several(random, COLLECTIONS);
            let actions = if random.one_in(2) {
                vec![]
            } else {
                several(random, REPO_ACTIONS)
            };
            written(random, "repo", ("collection", &names), ("action", &actions))
        }
        5..=7 => {
            let names = several(random, METHODS);
            let audience = random.pick(AUDIENCES);
            written(random, "rpc", ("lxm", &names), ("aud", &[audience]))
        }
        8 | 9 => {
            let ranges = several(random, MEDIA);
            written(random, "blob", ("accept", &ranges), ("", &[]))
        }
        10 => {
            let actions = if random.one_in(2) {
                vec![]
            } else {
                several(random, ACCOUNT_ACTIONS)
            };
            let attribute = random.pick(ATTRIBUTES);
            written(random, "account", ("attr", &[attribute]), ("action", &actions))
        }
        _ => {
            let attribute = random.pick(IDENTITY);
            written(random, "identity", ("attr", &[attribute]), ("", &[]))
        }
    }
}

/// A value that is wrong in one place or two, or odd and still right.
pub(crate) fn near_miss(random: &mut Random) -> String {
    let mut text = match random.below(8) {
        0 => {
            let audience = random.pick(ODD_AUDIENCES);
            let name = random.pick(ODD_NAMES);
            written(random, "rpc", ("lxm", &[name]), ("aud", &[audience]))
        }
        1 => {
            let audience = random.pick(ODD_AUDIENCES);
            let name = random.pick(ODD_NAMES);
            let audiences = if random.one_in(2) { vec![] } else { vec![audience] };
            written(random, "include", ("nsid", &[name]), ("aud", &audiences))
        }
        2 => {
            let name = random.pick(ODD_NAMES);
            written(random, "repo", ("collection", &[name]), ("", &[]))
        }
        3 => {
            let ranges = several(random, ODD_MEDIA);
            written(random, "blob", ("accept", &ranges), ("", &[]))
        }
        _ => value(random),
    };
    for _ in 0..random.below(3) {
        text = mutated(random, &text);
    }
    text
}

fn mutated(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    let is_inside = at < chars.len();
    match random.below(12) {
        0 if is_inside => drop(chars.remove(at)),
        1 if is_inside => chars.insert(at, chars[at]),
        2 if is_inside => chars[at] = random.pick(ODD_CHARS),
        3 => chars.insert(at, random.pick(ODD_CHARS)),
        4 if is_inside && chars[at].is_ascii_lowercase() => chars[at].make_ascii_uppercase(),
        5 if is_inside && chars[at].is_ascii() => {
            let escape = format!("%{:02X}", u32::from(chars[at]));
            let escape = if random.one_in(2) {
                escape
            } else {
                escape.to_lowercase()
            };
            chars.splice(at..=at, escape.chars());
        }
        6 => drop(chars.splice(at..at, random.pick(ODD_PARTS).chars())),
        7 => chars.extend(random.pick(ENDS).chars()),
        8 => chars.truncate(at),
        9 => return text.replacen([':', '?', '&', '='], random.pick(SEPARATORS), 1),
        10 => return format!("{text}&{}", text.split_once('?').map_or("", |(_, query)| query)),
        _ => return text.replacen(':', "?", 1),
    }
    chars.into_iter().collect()
}

fn several(random: &mut Random, from: &[&'static str]) -> Vec<&'static str> {
    let count = if random.one_in(2) { 1 } else { 1 + random.below(3) };
    (0..count).map(|_| random.pick(from)).collect()
}

/// By position or by name, in either order.
fn written(random: &mut Random, resource: &str, main: (&str, &[&str]), other: (&str, &[&str])) -> String {
    let (mut positional, mut query) = (String::new(), Vec::new());
    match main {
        (_, [only]) if !random.one_in(4) => positional = format!(":{}", escaped(random, only)),
        (name, values) => {
            query.extend(
                values
                    .iter()
                    .map(|value| format!("{name}={}", escaped(random, value))),
            );
        }
    }
    let named = other
        .1
        .iter()
        .map(|value| format!("{}={}", other.0, escaped(random, value)));
    query.extend(named);
    if random.one_in(3) {
        query.reverse();
    }
    let mark = if query.is_empty() && !random.one_in(9) {
        ""
    } else {
        "?"
    };
    format!("{resource}{positional}{mark}{}", query.join("&"))
}

/// What has to be escaped, and at times what has not.
fn escaped(random: &mut Random, text: &str) -> String {
    let zealous = random.one_in(8);
    let mut escape = |byte: u8| {
        let hash = byte == b'#' && !random.one_in(6);
        matches!(byte, b'%' | b'+') || hash || zealous && random.one_in(4) || !byte.is_ascii()
    };
    text.bytes()
        .map(|byte| {
            if escape(byte) {
                format!("%{byte:02X}")
            } else {
                char::from(byte).to_string()
            }
        })
        .collect()
}

pub(crate) const COLLECTIONS: &[&str] = &["*", "a.b.c", "a.b.d", "com.example.note", "app.bsky.feed.post"];
const REPO_ACTIONS: &[&str] = &["create", "update", "delete"];
pub(crate) const METHODS: &[&str] = &["*", "a.b.c", "app.bsky.feed.getFeed", "chat.bsky.convo.getLog"];
const AUDIENCES: &[&str] = &[
    "*",
    "did:web:h#svc",
    "did:web:h#other",
    "did:plc:ewvi7nxzyoun6zhxrhs64oiz#svc",
];
pub(crate) const MEDIA: &[&str] = &[
    "*/*",
    "image/*",
    "image/png",
    "image/svg+xml",
    "video/mp4",
    "text/html",
];
const ATTRIBUTES: &[&str] = &["email", "repo", "status"];
const ACCOUNT_ACTIONS: &[&str] = &["read", "manage"];
const IDENTITY: &[&str] = &["handle", "*"];
const FIXED: &[&str] = &["atproto", "include:com.example.authBasic"];
const TRANSITION: &[&str] = &["transition:generic", "transition:email", "transition:chat.bsky"];

const ODD_NAMES: &[&str] = &[
    "*",
    "com.example.*",
    "com.example",
    "com.example.3name",
    "com.example.name3",
    "com.example.with-hyphen",
    "com.with-hyphen.name",
    "com.-example.name",
    "com.example-.name",
    "com..name",
    "cn.8.lex.stuff",
    "8.cn.lex",
    "Com.Example.Name",
    "Chat.Bsky.convo.getLog",
    "xn--bcher-kva.example.thing",
    "com.ex_ample.name",
    "com.example.name#main",
    "com.example.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "com.example.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "com.example.authBasic",
];
const ODD_AUDIENCES: &[&str] = &[
    "*",
    "",
    "did:web:h",
    "did:web:h#",
    "did:web:h##svc",
    "did:web:h#a%20b",
    "did:web:h#a b",
    "did:web:h#a/b?c",
    "did:web:h#-._~!$&'()*+,;=:@",
    "did:web:h#\u{fc}",
    "did:web:localhost#svc",
    "did:web:localhost%3A2583#svc",
    "did:web:localhost%3A02583#svc",
    "did:web:localhost%3A#svc",
    "did:web:localhost%3a80#svc",
    "did:web:localhost%3A99999#svc",
    "did:web:localhost:80#svc",
    "did:web:example.com%3A8080#svc",
    "did:web:example.com:path#svc",
    "did:web:EXAMPLE.com#svc",
    "did:web:127.0.0.1#svc",
    "did:web:2130706433#svc",
    "did:web:0x7f.1#svc",
    "did:web:a_b.example#svc",
    "did:web:-a.example#svc",
    "did:web:a..b#svc",
    "did:web:example.com.#svc",
    "did:web:example.3com#svc",
    "did:web:%C3%BC.example#svc",
    "did:web:#svc",
    "did:plc:ewvi7nxzyoun6zhxrhs64oiz#svc",
    "did:plc:ewvi7nxzyoun6zhxrhs64oi#svc",
    "did:plc:EWVI7NXZYOUN6ZHXRHS64OIZ#svc",
    "did:plc:ewvi7nxzyoun6zhxrhs64oi1#svc",
    "did:key:zQ3sh#svc",
    "https://h#svc",
];
const ODD_MEDIA: &[&str] = &[
    "*",
    "*/png",
    "*/**",
    "**/*",
    "i*/*",
    "image",
    "image/",
    "/png",
    "image/p*",
    "image/png/x",
    "image/png;q=1",
    "image/png, image/gif",
    "Image/PNG",
    "IMAGE/*",
    "image/png",
    "image/*",
    "x-a.b!#$&-^_+/y~|`'",
    "a(b)/c",
    "\u{fc}/x",
    "a,b/c",
    "a@b/c:d",
];
const ODD_PARTS: &[&str] = &[
    "%", "%2", "%zz", "%ff", "%00", "%C3%A9", "%23", "%20", "%2F", "%3A", "%25", "%2B", "..", "::", "??",
    "&&", "==",
];
const ODD_CHARS: &[char] = &[
    ':', '?', '&', '=', '%', '#', '*', '.', '/', ',', '+', '@', '-', '_', '~', '!', '\'', '(', ')', ';', '|',
    '^', 'A', '1', '[', '{', '<', '$', '`', '\u{e9}', '\u{43e}', '"', '\\',
];
const ENDS: &[&str] = &[
    "?",
    "&",
    "&x=1",
    "?x=1",
    "&action=create",
    "&action=",
    "&action",
    "&action=*",
    "?action=read",
    "&aud=*",
    "&lxm=a.b.c",
    "&accept=*/*",
    "&attr=email",
    "#",
    "/",
    ":",
    "*",
    "&%61ction=create",
    "&collection=a.b.c",
    "&=",
    "&constructor=1",
    "&__proto__=1",
];
const SEPARATORS: &[&str] = &["", ":", "?", "&", "=", "%3A", "%3F", "%26", "%3D", "::"];
