//! One permission of a set.

use crate::set::VALUE_BYTES_MAX;
use crate::{Audience, Meaning, Nsid, Nsids, RepoAction, RepoPermission, RpcPermission, Scope, ServiceId};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A permission that is understood in full.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum SetPermission {
    Repo {
        collections: BTreeSet<Nsid>,
        actions: BTreeSet<RepoAction>,
    },
    /// Of any service, or of the one the `include` names.
    Rpc {
        methods: BTreeSet<Nsid>,
        is_inherited: bool,
    },
}

impl SetPermission {
    pub(super) fn inherits_audience(&self) -> bool {
        matches!(
            self,
            Self::Rpc {
                is_inherited: true,
                ..
            }
        )
    }

    /// What it grants to those who include it with this audience.
    pub(super) fn expand(&self, audience: Option<&ServiceId>) -> Vec<Scope> {
        let mut scopes = Vec::new();
        match self {
            Self::Repo { collections, actions } => {
                let meaning =
                    |names| Meaning::Repo(RepoPermission::new(Nsids::Listed(names), actions.clone()));
                let names: Vec<_> = collections.iter().collect();
                divide(&names, &meaning, &mut scopes);
            }
            Self::Rpc {
                methods,
                is_inherited,
            } => {
                let inherited = audience.map(|service| Audience::Service(service.clone()));
                let audience = if *is_inherited {
                    inherited
                } else {
                    Some(Audience::Any)
                };
                // R-396: without one to inherit it grants nothing
                if let Some(audience) = audience {
                    let meaning =
                        |names| Meaning::Rpc(RpcPermission::new(Nsids::Listed(names), audience.clone()));
                    let names: Vec<_> = methods.iter().collect();
                    divide(&names, &meaning, &mut scopes);
                }
            }
        }
        scopes
    }

    fn read(set: &Nsid, permission: &Value) -> Result<Self, IgnoredReason> {
        let members = permission.as_object().ok_or(IgnoredReason::NotAPermission)?;
        if members.get("type").and_then(Value::as_str) != Some("permission") {
            return Err(IgnoredReason::NotAPermission);
        }
        match members.get("resource").and_then(Value::as_str) {
            Some("repo") => {
                only(members, &["type", "resource", "collection", "action"])?;
                Ok(Self::Repo {
                    collections: names(set, members.get("collection"))?,
                    actions: actions(members.get("action"))?,
                })
            }
            Some("rpc") => {
                only(members, &["type", "resource", "lxm", "aud", "inheritAud"])?;
                Ok(Self::Rpc {
                    methods: names(set, members.get("lxm"))?,
                    is_inherited: inherits(members.get("inheritAud"), members.get("aud"))?,
                })
            }
            _ => Err(IgnoredReason::Resource),
        }
    }
}

/// The permissions of a set, and those that are none.
pub(super) struct Reading {
    pub(super) permissions: Vec<SetPermission>,
    pub(super) ignored: Vec<IgnoredPermission>,
}

impl Reading {
    pub(super) fn of(set: &Nsid, listed: &[Value]) -> Self {
        let (mut permissions, mut ignored) = (Vec::new(), Vec::new());
        for (index, permission) in listed.iter().enumerate() {
            match SetPermission::read(set, permission) {
                Ok(permission) => permissions.push(permission),
                Err(reason) => ignored.push(IgnoredPermission {
                    position: index + 1,
                    reason,
                }),
            }
        }
        Self { permissions, ignored }
    }
}

/// A permission of a set that grants nothing, though others of the set may.
///
/// ```
/// use entryway_scope::{IgnoredReason, Nsid, PermissionSet};
/// use serde_json::json;
///
/// let name = Nsid::parse("com.example.auth").unwrap();
/// let set = PermissionSet::read(&name, &json!({
///     "lexicon": 1,
///     "id": "com.example.auth",
///     "defs": { "main": { "type": "permission-set", "permissions": [
///         { "type": "permission", "resource": "blob", "accept": ["*/*"] },
///     ] } },
/// }))?;
/// let ignored = set.ignored()[0];
/// assert_eq!((ignored.position, ignored.reason), (1, IgnoredReason::Resource));
/// assert_eq!(ignored.reason.to_string(), "a set may hold permissions of repo and rpc only");
/// # Ok::<(), entryway_scope::InvalidPermissionSet>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IgnoredPermission {
    /// Which one of the set's, counted from 1.
    pub position: usize,
    /// What is wrong with it.
    pub reason: IgnoredReason,
}

/// Why a permission of a set grants nothing.
///
/// What a later version of the specification adds might narrow a permission, so nothing is granted on the grounds of
/// the part that is understood (R-395).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoredReason {
    /// `action` is there and is not a list of known actions.
    #[error("action of repo is to be a list of create, update or delete")]
    Action,
    /// `rpc` without `aud` being `*`, and without inheriting one (R-397).
    #[error("aud of rpc in a set is to be *, or left out and inherited")]
    Audience,
    /// A name outside of the set's own group (R-392).
    #[error("a set may only name what is in its own group of NSIDs or below")]
    Authority,
    /// `inheritAud` beside `aud` (R-396).
    #[error("aud is to be given or inherited, not both")]
    GivenAndInherited,
    /// `inheritAud` that is neither true nor false.
    #[error("inheritAud is to be true or false")]
    InheritAud,
    /// A member this kind of permission does not have (R-395).
    #[error("a member is not one this permission has")]
    Member,
    /// No list of names, an empty one, or one with something else in it.
    #[error("the permission needs a list of whole NSIDs: collection for repo, lxm for rpc")]
    Names,
    /// Not an object of the type `permission`.
    #[error("expected an object of the type permission")]
    NotAPermission,
    /// Neither `repo` nor `rpc`: unknown, or never part of a set (R-394, R-395).
    #[error("a set may hold permissions of repo and rpc only")]
    Resource,
    /// `*` among the names (R-393).
    #[error("a set may not name everything with *")]
    Wildcard,
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), IgnoredReason> {
    if members.keys().all(|name| known.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(IgnoredReason::Member)
    }
}

fn names(set: &Nsid, listed: Option<&Value>) -> Result<BTreeSet<Nsid>, IgnoredReason> {
    let texts = texts(listed).ok_or(IgnoredReason::Names)?;
    if texts.contains(&"*") {
        return Err(IgnoredReason::Wildcard);
    }
    let names = texts
        .into_iter()
        .map(Nsid::parse)
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|_| IgnoredReason::Names)?;
    if names.iter().all(|name| is_under(set, name)) {
        Ok(names)
    } else {
        Err(IgnoredReason::Authority)
    }
}

/// The set's own group, or one below it; neither siblings nor parents (R-392).
fn is_under(set: &Nsid, name: &Nsid) -> bool {
    let below = name.as_str().strip_prefix(set.group());
    below.is_some_and(|rest| rest.starts_with('.'))
}

fn actions(listed: Option<&Value>) -> Result<BTreeSet<RepoAction>, IgnoredReason> {
    if listed.is_none() {
        return Ok(BTreeSet::from(RepoAction::ALL));
    }
    let texts = texts(listed).ok_or(IgnoredReason::Action)?;
    let actions = texts.into_iter().map(RepoAction::parse);
    actions.collect::<Option<_>>().ok_or(IgnoredReason::Action)
}

fn inherits(inherit: Option<&Value>, audience: Option<&Value>) -> Result<bool, IgnoredReason> {
    let inherit = inherit.map_or(Some(false), Value::as_bool);
    match (inherit.ok_or(IgnoredReason::InheritAud)?, audience) {
        (true, None) => Ok(true),
        (true, Some(_)) => Err(IgnoredReason::GivenAndInherited),
        (false, Some(audience)) if audience == "*" => Ok(false),
        (false, _) => Err(IgnoredReason::Audience),
    }
}

/// A list of texts, at least one.
fn texts(listed: Option<&Value>) -> Option<Vec<&str>> {
    let texts = listed?.as_array()?.iter().map(Value::as_str);
    texts
        .collect::<Option<Vec<_>>>()
        .filter(|texts| !texts.is_empty())
}

/// As many values as it takes for each to fit into a wire string.
fn divide(names: &[&Nsid], meaning: &impl Fn(BTreeSet<Nsid>) -> Meaning, scopes: &mut Vec<Scope>) {
    let scope = Scope::from(meaning(names.iter().copied().cloned().collect()));
    if names.len() < 2 || scope.as_str().len() <= VALUE_BYTES_MAX {
        scopes.push(scope);
    } else {
        let (left, right) = names.split_at(names.len() / 2);
        divide(left, meaning, scopes);
        divide(right, meaning, scopes);
    }
}
