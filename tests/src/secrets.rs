//! Every secret that is issued or received during the tests.
//!
//! They are appended to `secrets.txt` among the artefacts, one a line: when all is over `tests/run`
//! searches every log and every database for them. A test searches for those of its own flow.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;

use crate::environment;
use crate::reply::Reply;

/// Notes a secret: a password, token, code, `request_uri`, verifier, proof, cookie or form token.
pub fn record(secret: &str) {
    assert!(secret.len() >= PREFIX_BYTES, "too short to be searched for");
    let mut recorded = RECORDED.lock().unwrap();
    if let Some(file) = &mut recorded.file {
        file.write_all(format!("{secret}\n").as_bytes()).unwrap();
    }
    recorded.all.push(secret.to_owned());
}

/// How many there are so far.
pub fn count() -> usize {
    RECORDED.lock().unwrap().all.len()
}

/// Those that were noted when there were already this many, by whichever test.
pub fn since(count: usize) -> Vec<String> {
    RECORDED.lock().unwrap().all[count..].to_vec()
}

/// Which of the secrets occur in these bytes, in any spelling.
pub fn found_in<'s>(bytes: &[u8], secrets: &'s [String]) -> BTreeSet<&'s str> {
    let mut needles: HashMap<[u8; PREFIX_BYTES], Vec<(Vec<u8>, &str)>> = HashMap::new();
    let mut begins = vec![false; 256 * 256];
    for secret in secrets {
        for needle in spellings(secret) {
            begins[pair(&needle)] = true;
            let prefix = *needle.first_chunk().unwrap();
            needles.entry(prefix).or_default().push((needle, secret));
        }
    }
    let mut found = BTreeSet::new();
    for at in 0..(bytes.len() + 1).saturating_sub(PREFIX_BYTES) {
        let rest = &bytes[at..];
        if !begins[pair(rest)] {
            continue;
        }
        let same_prefix = rest.first_chunk().and_then(|prefix| needles.get(prefix));
        let here = same_prefix
            .into_iter()
            .flatten()
            .filter(|(needle, _)| rest.starts_with(needle));
        found.extend(here.map(|(_, secret)| *secret));
    }
    found
}

/// Long enough that few places begin like a secret.
const PREFIX_BYTES: usize = 8;

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) * 256 + usize::from(bytes[1])
}

/// Notes what an answer brings: tokens, codes and cookies.
pub(crate) fn record_reply(reply: &Reply) {
    if let Ok(Value::Object(members)) = serde_json::from_slice(&reply.body) {
        for name in [
            "access_token",
            "refresh_token",
            "request_uri",
            "accessJwt",
            "refreshJwt",
            "password",
        ] {
            if let Some(secret) = members.get(name).and_then(Value::as_str) {
                record(secret);
            }
        }
    }
    for cookie in reply.headers.get_all("set-cookie") {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap_or_default();
        // a removed cookie has no value
        if let Some((_, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) {
            record(value);
        }
    }
    let location = reply
        .headers
        .get("location")
        .and_then(|value| Url::parse(value.to_str().unwrap()).ok());
    let code = location
        .iter()
        .flat_map(Url::query_pairs)
        .find(|(name, _)| name == "code");
    if let Some((_, code)) = code {
        record(&code);
    }
}

/// As it is, as it stands in a URL, and the bytes it stands for: raw and in hexadecimal digits.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .flat_map(|byte| format!("{byte:02x}").into_bytes())
            .collect::<Vec<u8>>()
    };
    let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut spellings = vec![
        secret.as_bytes().to_vec(),
        escaped.into_bytes(),
        hex(secret.as_bytes()),
    ];
    let random = secret.rsplit(['-', ':', '.']).next().unwrap_or_default();
    let decoded = match random.len() {
        32 | 64 if random.bytes().all(|byte| byte.is_ascii_hexdigit()) => bytes_of_hex(random),
        22.. => URL_SAFE_NO_PAD.decode(random).unwrap_or_default(),
        _ => Vec::new(),
    };
    if decoded.len() >= 16 {
        spellings.push(hex(&decoded));
        spellings.push(decoded);
    }
    spellings
}

fn bytes_of_hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

struct Recorded {
    all: Vec<String>,
    file: Option<File>,
}

static RECORDED: LazyLock<Mutex<Recorded>> = LazyLock::new(|| {
    let open = |folder: std::path::PathBuf| {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("secrets.txt"))
            .unwrap()
    };
    Mutex::new(Recorded {
        all: Vec::new(),
        file: environment::artefacts().map(open),
    })
});
