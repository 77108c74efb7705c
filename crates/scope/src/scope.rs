/// One scope value: its wire text, and what it means.
///
/// Two values are equal exactly when their texts are.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    text: Box<str>,
}

impl Scope {
    /// Takes a text for a scope value.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let prefix = text.split([':', '?']).next().unwrap_or_default();
        let known = matches!(
            text,
            "atproto" | "transition:generic" | "transition:email" | "transition:chat.bsky"
        ) || matches!(
            prefix,
            "repo" | "rpc" | "blob" | "account" | "identity" | "include"
        );
        if known {
            Ok(Self { text: text.into() })
        } else {
            Err(InvalidValue::Unknown)
        }
    }

    /// The value as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a scope value grants nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidValue {
    /// Not a value this server knows.
    #[error("is not known to this server")]
    Unknown,
}
