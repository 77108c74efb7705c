//! What the references in the `scope` of an issuer's tokens stand for (contract section 3.4).
//!
//! A reference is the hash of what it stands for, so an answer is right or it is none, and what is known
//! never changes. That an issuer does not answer is no fault of who calls: it is said with 503, upon which
//! no client throws its session away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use entryway_oauth::secret::Digest;
use entryway_scope::{ScopeReference, ScopeSet};
use moka::sync::Cache;

use crate::source::{IssuerSilent, SCOPE_BYTES_MAX, ScopeSource};
use crate::under_way::{Question, UnderWay};
use crate::{Clock, Moment};

/// Follows the references in the tokens of one issuer. Clones share what they know.
///
/// Without one, a token whose scope is a reference is refused.
#[derive(Clone)]
pub struct IssuerScopes(Arc<Known>);

struct Known {
    source: Arc<dyn ScopeSource>,
    /// What was answered, by the reference.
    answers: Cache<ScopeReference, Answer>,
    under_way: UnderWay<ScopeReference>,
}

#[derive(Clone)]
enum Answer {
    Scope {
        scope: Arc<ScopeSet>,
        bytes: u32,
    },
    /// None that is of use, as of this steady time.
    Absent {
        outcome: Absence,
        at: Duration,
    },
}

#[derive(Clone, Copy)]
enum Absence {
    /// The issuer says that there is no such scope.
    Missing,
    /// It says nothing, or not that.
    Silence,
}

/// What is known of a reference.
pub(crate) enum ScopeKnown {
    /// What it stands for, and how long that is as text.
    Known(Arc<ScopeSet>, u32),
    /// The issuer is to be asked first.
    Asking(ScopeAsked),
    /// Nothing, says the issuer.
    Missing,
    /// The issuer did not answer a moment ago.
    Unknown,
}

/// A question to an issuer about a reference: to be waited for, and then to look again.
pub(crate) struct ScopeAsked {
    scopes: IssuerScopes,
    reference: ScopeReference,
}

impl IssuerScopes {
    /// Asks this source, once for each reference as long as there is room to keep the answer.
    pub fn dereferenced(source: Arc<dyn ScopeSource>) -> Self {
        let answers = Cache::builder()
            .max_capacity(ANSWERS_BYTES_MAX)
            .weigher(|_, answer: &Answer| match answer {
                Answer::Scope { bytes, .. } => bytes.saturating_add(ANSWER_BYTES),
                Answer::Absent { .. } => ANSWER_BYTES,
            })
            .build();
        Self(Arc::new(Known {
            source,
            answers,
            under_way: UnderWay::new(),
        }))
    }

    pub(crate) fn at(&self, reference: &ScopeReference, now: Moment) -> ScopeKnown {
        match self.0.answers.get(reference) {
            Some(Answer::Scope { scope, bytes }) => ScopeKnown::Known(scope, bytes),
            Some(Answer::Absent { outcome, at }) if now.steady.saturating_sub(at) < ASKED_AT_MOST_EVERY => {
                match outcome {
                    Absence::Missing => ScopeKnown::Missing,
                    Absence::Silence => ScopeKnown::Unknown,
                }
            }
            _ => ScopeKnown::Asking(ScopeAsked {
                scopes: self.clone(),
                reference: reference.clone(),
            }),
        }
    }
}

impl fmt::Debug for IssuerScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IssuerScopes").field(&self.0.source).finish()
    }
}

impl ScopeAsked {
    /// Waits for the answer, or for the lack of one.
    pub(crate) async fn answered(self, clock: &Clock) {
        let Self { scopes, reference } = self;
        let (known, clock) = (Arc::clone(&scopes.0), Clock::clone(clock));
        let about = reference.clone();
        let question: Option<Question> = scopes.0.under_way.begin(reference, QUESTIONS_MAX, async move {
            known.ask(about, &clock).await;
        });
        if let Some(question) = question {
            question.await;
        }
    }
}

impl Known {
    async fn ask(&self, reference: ScopeReference, clock: &Clock) {
        let absent = |outcome| Answer::Absent {
            outcome,
            at: clock().steady,
        };
        let answer = match self.source.scope(&reference).await {
            Ok(None) => absent(Absence::Missing),
            Ok(Some(text)) => read(&reference, &text).unwrap_or_else(|silent| {
                warn(&reference, &silent);
                absent(Absence::Silence)
            }),
            Err(silent) => {
                warn(&reference, &silent);
                absent(Absence::Silence)
            }
        };
        self.answers.insert(reference, answer);
    }
}

fn warn(reference: &ScopeReference, silent: &IssuerSilent) {
    tracing::warn!(scope.reference = %reference, fault = silent.in_full(), "a scope is not to be had");
}

/// An answer that is what the reference stands for.
fn read(reference: &ScopeReference, text: &str) -> Result<Answer, IssuerSilent> {
    let bytes = u32::try_from(text.len())
        .ok()
        .filter(|_| text.len() <= SCOPE_BYTES_MAX)
        .ok_or_else(|| IssuerSilent::because("the scope is too long"))?;
    if !is_hash_of(reference, text) {
        return Err(IssuerSilent::because("the scope is another than was asked for"));
    }
    let scope = ScopeSet::parse(text).map_err(IssuerSilent::because)?;
    Ok(Answer::Scope {
        scope: Arc::new(scope),
        bytes,
    })
}

/// Whether the CID of a reference is the text's: of its raw bytes, or of it as one string of DAG-CBOR.
fn is_hash_of(reference: &ScopeReference, text: &str) -> bool {
    let cid = reference.cid();
    let (codec, digest) = if cid.starts_with("bafy") {
        (DAG_CBOR, Digest::of(&dag_cbor(text)))
    } else {
        (RAW, Digest::of(text.as_bytes()))
    };
    // version 1, codec, SHA-256, and its length
    let binary = [&[1, codec, 0x12, 32], &digest.as_bytes()[..]].concat();
    // `b` says base32 in lower case
    cid == format!("b{}", BASE32_NOPAD.encode(&binary).to_ascii_lowercase())
}

/// A text string of DAG-CBOR: its length in as few bytes as will do, and itself (RFC 8949 section 3).
fn dag_cbor(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let head = match (length, text.len()) {
        ([.., low], 0..=23) => vec![0x60 | low],
        ([.., low], 24..=0xff) => vec![0x78, low],
        ([.., high, low], 0x100..=0xffff) => vec![0x79, high, low],
        (all, _) => [&[0x7a], &all[..]].concat(),
    };
    [&head, text.as_bytes()].concat()
}

/// Multicodec `raw`.
const RAW: u8 = 0x55;
/// Multicodec `dag-cbor`.
const DAG_CBOR: u8 = 0x71;
/// Bytes of the texts that are kept; what is kept of one is a few times its length.
const ANSWERS_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What an answer weighs beside its text.
const ANSWER_BYTES: u32 = 256;
/// Only tokens whose signature verified make us ask, so this many references at once are an issuer's own
/// doing.
const QUESTIONS_MAX: usize = 64;
/// How soon an issuer that had no answer is asked for the same again.
const ASKED_AT_MOST_EVERY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
