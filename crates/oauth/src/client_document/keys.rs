//! The client's keys, in its document or elsewhere.

use serde_json::value::RawValue;
use url::Url;

use super::finding::{Findings, Rule};
use super::link;
use super::wire::{Document, item};
use crate::client_id::ClientId;
use crate::json::Members;
use crate::jwk::Algorithm;
use crate::key_set::{InvalidKeySet, KeySet};

/// R-074: the keys in the document, each judged by itself. They must have one for the algorithm.
pub(super) fn inline(
    document: &Document<'_>,
    algorithm: Option<Algorithm>,
    findings: &mut Findings,
) -> Option<KeySet> {
    let json = document.json("jwks")?;
    let listed = each(json);
    for (at, key) in listed.iter().enumerate() {
        one(&item("jwks.keys", at), key, findings);
    }
    let set = match KeySet::from_json(json) {
        Ok(set) => set,
        // said already, of the key it is
        Err(fault) if listed.iter().any(|key| alone(key) == Err(fault)) => return None,
        Err(fault) => {
            findings.error("jwks", expected_of(fault), rule_of(fault));
            return None;
        }
    };
    if algorithm.is_some_and(|algorithm| !set.usable_with(algorithm)) {
        findings.error(
            "jwks",
            "must have a key, with kid, of the algorithm that token_endpoint_auth_signing_alg names",
            PUBLIC,
        );
    }
    Some(set)
}

/// R-075: where the keys are. What is there is not looked at.
pub(super) fn elsewhere(document: &Document<'_>, id: &ClientId, findings: &mut Findings) -> Option<Url> {
    let written = document.text("jwks_uri", findings).given()?;
    link::read(&written, id)
        .map_err(|expected| findings.error("jwks_uri", expected, FETCHED))
        .ok()
}

/// What there is to say of one key. One of no use is no fault: other servers may want it.
fn one(member: &str, key: &str, findings: &mut Findings) {
    match alone(key) {
        Err(InvalidKeySet::Malformed) => findings.error(member, "must be a JSON object", PUBLIC),
        Err(fault) => findings.error(member, expected_of(fault), rule_of(fault)),
        Ok(set) if !set.is_empty() => {}
        Ok(_) if Members::read(key).is_ok_and(|members| members.member("kid").is_none()) => {
            findings.warning(member, "has no kid, so no assertion can name it", PUBLIC);
        }
        Ok(_) => findings.warning(
            member,
            "is not one this server can verify signatures with, and is passed over",
            PUBLIC,
        ),
    }
}

/// The JSON texts of the keys; none where there is no list of them.
fn each(json: &str) -> Vec<&str> {
    let set = Members::read(json).ok();
    let keys = set.and_then(|set| set.member("keys"));
    let keys: Option<Vec<&RawValue>> = keys.and_then(|keys| serde_json::from_str(keys).ok());
    let keys = keys.unwrap_or_default().into_iter().map(RawValue::get);
    keys.take(crate::key_set::KEYS_MAX).collect()
}

/// The set of one key.
fn alone(key: &str) -> Result<KeySet, InvalidKeySet> {
    KeySet::from_json(&format!(r#"{{"keys":[{key}]}}"#))
}

const fn expected_of(fault: InvalidKeySet) -> &'static str {
    match fault {
        InvalidKeySet::TooLarge => "must have at most 64 KiB",
        InvalidKeySet::Malformed => "must be a JSON object with an array of keys",
        InvalidKeySet::Repeated => "must not name a member twice",
        InvalidKeySet::Empty => "must have at least one key",
        InvalidKeySet::TooMany => "must have at most 100 keys",
        InvalidKeySet::Private => "must not hold private or symmetric key material",
        InvalidKeySet::Ambiguous => "must not give two keys of one type the same kid",
        InvalidKeySet::Unusable => "must be for token_endpoint_auth_signing_alg",
    }
}

const fn rule_of(fault: InvalidKeySet) -> Rule {
    match fault {
        InvalidKeySet::Repeated => Rule::new("R-057", "RFC 8259 section 4"),
        InvalidKeySet::TooLarge | InvalidKeySet::TooMany | InvalidKeySet::Ambiguous => {
            Rule::new("R-288", "RFC 7517 section 4.5")
        }
        InvalidKeySet::Malformed
        | InvalidKeySet::Empty
        | InvalidKeySet::Private
        | InvalidKeySet::Unusable => PUBLIC,
    }
}

const PUBLIC: Rule = Rule::new("R-074", "RFC 7517 section 5");
const FETCHED: Rule = Rule::new("R-075", "atproto OAuth, Confidential Client Authentication");

#[cfg(test)]
mod tests;
