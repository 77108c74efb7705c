//! Invite codes: who may sign up where not everybody may.

use serde::{Deserialize, Serialize};

use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::letters::{self, grouped};

/// An invite code: the service's host with hyphens for dots, and ten random letters, as in
/// `entryway-example-abcde-fghij`. Hyphens, so that nobody takes it for a link.
///
/// ```
/// use entryway_core::invite::InviteCode;
/// let code = InviteCode::from_entropy("entryway.example", [1; 10]);
/// assert!(code.as_str().starts_with("entryway-example-"));
/// assert_eq!(InviteCode::parse(code.as_str()), Ok(code));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InviteCode(String);

impl InviteCode {
    /// Makes one from the service's host and random bytes, of which 50 bits are used.
    pub fn from_entropy(host: &str, entropy: [u8; 10]) -> Self {
        let host: String = host
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            .take(HOST_BYTES_MAX)
            .map(|c| if c == '.' { '-' } else { c.to_ascii_lowercase() })
            .collect();
        let random = grouped(&letters::draw(&entropy)[..GROUP * 2], GROUP);
        Self(if host.is_empty() {
            random
        } else {
            format!("{host}-{random}")
        })
    }

    /// Reads what was typed, without the white space around it. Any host is taken: codes may have been made
    /// by the PDS an operator had before.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidInviteCode`] for a text of another shape.
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        let code = typed.trim().to_ascii_lowercase();
        let is_group =
            |group: Option<&str>| group.is_some_and(|group| group.len() == GROUP && letters::are_all(group));
        let mut from_the_end = code.rsplit('-');
        let well_formed = code.len() <= CODE_BYTES_MAX
            && is_group(from_the_end.next())
            && is_group(from_the_end.next())
            && code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if well_formed {
            return Ok(Self(code));
        }
        Err(XrpcDenial::InvalidInviteCode)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InviteCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| "expected an invite code")
    }
}

impl From<InviteCode> for String {
    fn from(code: InviteCode) -> Self {
        code.0
    }
}

/// An invite as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The code.
    pub code: InviteCode,
    /// How many may sign up with it altogether.
    pub uses_max: u32,
    /// Whether the operator withdrew it.
    pub disabled: bool,
    /// Whose it is: a DID, or `admin`.
    pub for_account: String,
    /// Who made it: a DID, or `admin`.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many signed up with it, sign-ups that are not finished included.
    pub used: u32,
    /// Who did, of those that are finished; a store may tell the first ones only.
    pub uses: Vec<InviteUse>,
}

/// One sign-up with an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteUse {
    /// The new account.
    pub used_by: Did,
    /// When.
    pub used_at: Timestamp,
}

impl Invite {
    /// How many more may sign up with it.
    pub fn uses_left(&self) -> u32 {
        if self.disabled {
            0
        } else {
            self.uses_max.saturating_sub(self.used)
        }
    }
}

/// Whether the service takes new accounts without an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invitation {
    /// Only with one.
    Required,
    /// Without; one that is given is counted all the same if it is good.
    Optional,
}

/// Which code a sign-up uses, of the one that was typed; nothing where none is needed and none was given.
///
/// Does not know whether it is used up: the verb that admits the sign-up counts it, in the same statement.
///
/// # Errors
/// [`XrpcDenial::InvalidInviteCode`] for a missing or malformed one.
pub fn presented(typed: Option<&str>, invitation: Invitation) -> Result<Option<InviteCode>, XrpcDenial> {
    match typed.map(str::trim).filter(|typed| !typed.is_empty()) {
        Some(typed) => InviteCode::parse(typed).map(Some),
        None if invitation == Invitation::Required => Err(XrpcDenial::InvalidInviteCode),
        None => Ok(None),
    }
}

/// How many codes one request makes, of how many uses each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteOrder {
    /// Codes for each account.
    pub codes: u32,
    /// Uses of each code.
    pub uses: u32,
}

impl InviteOrder {
    /// Reads the numbers of `createInviteCode(s)`.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidRequest`] unless 1 to 100 codes of 1 to 10,000 uses.
    pub fn parse(codes: i64, uses: i64) -> Result<Self, XrpcDenial> {
        let within = |number: i64, max: u32| u32::try_from(number).ok().filter(|it| (1..=max).contains(it));
        let codes = within(codes, CODES_MAX).ok_or(XrpcDenial::InvalidRequest {
            expected: "codeCount must be 1 to 100",
        })?;
        let uses = within(uses, USES_MAX).ok_or(XrpcDenial::InvalidRequest {
            expected: "useCount must be 1 to 10000",
        })?;
        Ok(Self { codes, uses })
    }
}

const GROUP: usize = 5;
/// A host name as text, and the ten letters with their hyphens.
const CODE_BYTES_MAX: usize = HOST_BYTES_MAX + 12;
const HOST_BYTES_MAX: usize = 253;
/// Codes of one request: a page of them.
const CODES_MAX: u32 = 100;
/// Uses of one code: a conference, not the world.
const USES_MAX: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_code_is_no_link_and_reads_back() {
        for (host, entropy, code) in [
            ("entryway.example", 0, "entryway-example-aaaaa-aaaaa"),
            ("Localhost:2583", 0xff, "localhost2583-77777-77777"),
            ("", 0, "aaaaa-aaaaa"),
        ] {
            let made = InviteCode::from_entropy(host, [entropy; 10]);
            assert_eq!(made.as_str(), code);
            assert_eq!(InviteCode::parse(&format!(" {} ", code.to_uppercase())), Ok(made));
        }
        let made = InviteCode::from_entropy(&"a.".repeat(10_000), [1; 10]);
        assert_eq!(InviteCode::parse(made.as_str()), Ok(made));
    }

    #[test]
    fn a_text_of_another_shape_is_no_code() {
        for bad in [
            "",
            "aaaaa",
            "aaaaa-aaaa",
            "aaaaa-aaaaa-",
            "host-aaaa1-aaaaa",
            "host.example-aaaaa-aaaaa",
            "host/-aaaaa-aaaaa",
            "\u{fc}-aaaaa-aaaaa",
            &"a".repeat(1_000_000),
        ] {
            assert_eq!(
                InviteCode::parse(bad),
                Err(XrpcDenial::InvalidInviteCode),
                "{bad:.40}"
            );
        }
    }

    #[test]
    fn a_code_is_asked_for_where_one_is_required() {
        use Invitation::{Optional, Required};
        let code = InviteCode::parse("host-aaaaa-aaaaa").unwrap();
        let invalid = Err(XrpcDenial::InvalidInviteCode);
        for (typed, invitation, expected) in [
            (Some("host-aaaaa-aaaaa"), Required, Ok(Some(code.clone()))),
            (Some("host-aaaaa-aaaaa"), Optional, Ok(Some(code))),
            (None, Required, invalid.clone()),
            (Some(" "), Required, invalid.clone()),
            (None, Optional, Ok(None)),
            (Some(""), Optional, Ok(None)),
            (Some("nonsense"), Required, invalid.clone()),
            (Some("nonsense"), Optional, invalid),
        ] {
            assert_eq!(presented(typed, invitation), expected, "{typed:?} {invitation:?}");
        }
    }

    #[test]
    fn uses_are_counted_down_to_nothing_and_a_disabled_code_has_none() {
        let invite = |uses_max, used, disabled| Invite {
            code: InviteCode::parse("host-aaaaa-aaaaa").unwrap(),
            uses_max,
            disabled,
            for_account: "admin".to_owned(),
            created_by: "admin".to_owned(),
            created_at: fixtures::NOW,
            used,
            uses: Vec::new(),
        };
        for (max, used, disabled, left) in [
            (2, 0, false, 2),
            (2, 1, false, 1),
            (2, 2, false, 0),
            (2, 3, false, 0),
            (0, 0, false, 0),
            (2, 0, true, 0),
        ] {
            assert_eq!(invite(max, used, disabled).uses_left(), left, "{max} {used}");
        }
    }

    #[test]
    fn an_order_has_bounds() {
        for (codes, uses, fine) in [
            (0, 1, false),
            (1, 0, false),
            (1, 1, true),
            (100, 10_000, true),
            (101, 1, false),
            (1, 10_001, false),
            (-1, 1, false),
            (i64::MAX, 1, false),
            (1, i64::MIN, false),
        ] {
            assert_eq!(InviteOrder::parse(codes, uses).is_ok(), fine, "{codes} {uses}");
        }
    }
}
