//! The atproto permission grammar: parse, canonicalise, explain, compare.
//!
//! Scope values such as `repo:app.bsky.feed.post?action=create` become types that say what is granted, and the names
//! they are made of ([`Did`], [`Handle`], [`Nsid`], [`ServiceId`]) become types that cannot be wrong. Grants answer
//! what they permit, what they lack and what an upgrade would add; published permission sets become what they grant.
//!
//! This crate has no I/O, no clock and no opinion on OAuth flows. It does not fetch permission sets, nor resolve DIDs
//! or handles, does not insist that `atproto` is among the values, and does not compare a request with what a client
//! declared by anything but text (R-378).
//!
//! Start at [`ScopeSet`] for a whole wire string, then [`Scope`] and [`Meaning`] for one value. A resource server asks
//! [`ScopeSet::require`] of an [`Act`]; a consent page shows [`explain()`] and [`ScopeSet::upgrade_from`]; a token is
//! made with [`ScopeSet::expand`] and [`PermissionSet`]; a developer who is lost is helped by [`suggest()`]. In the
//! source, begin with `syntax.rs`, the shape all granular values share; each resource has a file of its name.
//!
//! Invariants, each kept by a property test or a table:
//!
//! - any text is either parsed or refused with a reason: no panic, and linear time but for sorting;
//! - a value keeps its text; its normal form parses to the same meaning and is its own normal form;
//! - what is not understood grants nothing, and a parameter nobody knows makes the whole value invalid;
//! - what covers a value permits whatever that permits, and more values never permit less;
//! - a permission set grants nothing outside of its own group of names, whatever its publisher writes;
//! - no error repeats its input, and every sentence but that of [`ScopeMissing`], which quotes the value that is
//!   missing, fits an OAuth `error_description`.
//!
//! The reading is compared with that of the reference's package in `tests/interop/scopes.test.mjs`, which lists where
//! and why they differ, and fuzzed by the targets in `fuzz/`.
//!
//! ```
//! use entryway_scope::{ScopeSet, explain};
//!
//! let asked = ScopeSet::parse("atproto repo:app.bsky.feed.post?action=create transition:email")?;
//! let sentences: Vec<_> = asked.iter().map(|scope| explain(scope).sentence).collect();
//! assert_eq!(sentences[1], "Create new posts");
//! # Ok::<(), entryway_scope::InvalidScope>(())
//! ```

mod account;
mod act;
mod blob;
mod cover;
mod expand;
mod explain;
mod identifier;
mod identity;
mod include;
mod invalid_value;
mod nsids;
mod permission_set;
mod permits;
mod piece;
mod repo;
mod rpc;
#[cfg(test)]
mod samples;
mod scope;
mod set;
mod suggest;
mod syntax;
mod transition;
mod upgrade;

pub use account::{AccountAction, AccountAttribute, AccountPermission};
pub use act::{Act, ScopeMissing};
pub use blob::{BlobPermission, MediaRange};
pub use expand::ExpansionFault;
pub use explain::{Explanation, Group, explain};
pub use identifier::{Did, Handle, InvalidIdentifier, Nsid, ScopeReference, ServiceId};
pub use identity::IdentityPermission;
pub use include::Include;
pub use invalid_value::InvalidValue;
pub use nsids::Nsids;
pub use permission_set::{IgnoredPermission, IgnoredReason, InvalidPermissionSet, PermissionSet};
pub use repo::{RepoAction, RepoPermission};
pub use rpc::{Audience, RpcPermission};
pub use scope::{Meaning, Scope};
pub use set::{InvalidScope, ScopeSet};
pub use suggest::{Suggestion, suggest};
pub use transition::Transition;
pub use upgrade::{Gain, GainKind, Upgrade};

/// Whether a text keeps to the characters of scopes and error descriptions (RFC 6749 sections 3.3 and 4.1.2.1).
#[cfg(test)]
fn is_printable(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}
