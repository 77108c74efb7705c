//! What permissions are made of: the parts that one value grants or does not grant as a whole.

use crate::{
    Audience, BlobPermission, Meaning, MediaRange, Nsid, Nsids, RepoAction, RepoPermission, RpcPermission,
    Scope,
};
use std::collections::{BTreeMap, BTreeSet};

/// A part of a permission. Names are `None` where any will do.
///
/// No two values that each leave a piece uncovered cover it together, but for the pair of transitional scopes that
/// [`ScopeSet::covers`](crate::ScopeSet::covers) knows: nobody can list all names there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece<'a> {
    /// One collection and what may be done there.
    Repo(Option<&'a Nsid>, RepoAction),
    /// One method and where.
    Rpc(Option<&'a Nsid>, &'a Audience),
    /// One range of media types.
    Blob(&'a MediaRange),
    /// A meaning that has no parts.
    Whole(&'a Meaning),
}

impl Meaning {
    /// Its parts; at least one.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let (mut repo, mut rpc, mut blob, mut whole) = (None, None, None, None);
        match self {
            Self::Repo(permission) => repo = Some(permission),
            Self::Rpc(permission) => rpc = Some(permission),
            Self::Blob(permission) => blob = Some(permission),
            Self::Atproto | Self::Transition(_) | Self::Account(_) | Self::Identity(_) | Self::Include(_) => {
                whole = Some(Piece::Whole(self));
            }
        }
        let repo = repo.into_iter().flat_map(|permission| {
            let actions = permission.actions();
            permission
                .collections()
                .each()
                .flat_map(move |name| actions.iter().map(move |action| Piece::Repo(name, *action)))
        });
        let rpc = rpc.into_iter().flat_map(|permission| {
            let audience = permission.audience();
            permission
                .methods()
                .each()
                .map(move |name| Piece::Rpc(name, audience))
        });
        let blob = blob
            .into_iter()
            .flat_map(|permission| permission.accept().iter().map(Piece::Blob));
        repo.chain(rpc).chain(blob).chain(whole)
    }
}

/// The fewest values that are made of these pieces of one meaning, in normal form.
pub(crate) fn assemble<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<Scope> {
    let mut actions: BTreeMap<Option<&Nsid>, BTreeSet<RepoAction>> = BTreeMap::new();
    let mut methods: BTreeMap<&Audience, BTreeSet<Option<&Nsid>>> = BTreeMap::new();
    let mut accept = BTreeSet::new();
    let mut meanings = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Repo(name, action) => {
                actions.entry(name).or_default().insert(action);
            }
            Piece::Rpc(name, audience) => {
                methods.entry(audience).or_default().insert(name);
            }
            Piece::Blob(range) => {
                accept.insert(range.clone());
            }
            Piece::Whole(meaning) => meanings.push(meaning.clone()),
        }
    }
    let mut collections: BTreeMap<BTreeSet<RepoAction>, BTreeSet<Option<&Nsid>>> = BTreeMap::new();
    for (name, actions) in actions {
        collections.entry(actions).or_default().insert(name);
    }
    meanings.extend(
        collections
            .into_iter()
            .map(|(actions, names)| Meaning::Repo(RepoPermission::new(Nsids::of(names), actions))),
    );
    meanings.extend(
        methods
            .into_iter()
            .map(|(audience, names)| Meaning::Rpc(RpcPermission::new(Nsids::of(names), audience.clone()))),
    );
    if !accept.is_empty() {
        meanings.push(Meaning::Blob(BlobPermission::new(accept)));
    }
    meanings.into_iter().map(Scope::from).collect()
}
