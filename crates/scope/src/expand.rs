use crate::{Include, InvalidScope, Meaning, Nsid, PermissionSet, Scope, ScopeSet};
use std::collections::BTreeSet;

impl ScopeSet {
    /// The concrete permissions of a grant: each permission set by what it holds, then the other values as they are.
    ///
    /// To be done when a token is made, at the first time and at every refresh, so that sets may change in between
    /// (R-401). What is not in a granted set is never added. `set_of` finds a set by its name.
    ///
    /// ```
    /// use entryway_scope::{Nsid, PermissionSet, ScopeSet};
    /// use serde_json::json;
    ///
    /// let name = Nsid::parse("com.example.authBasic").unwrap();
    /// let set = PermissionSet::read(&name, &json!({
    ///     "lexicon": 1,
    ///     "id": "com.example.authBasic",
    ///     "defs": { "main": { "type": "permission-set", "permissions": [
    ///         { "type": "permission", "resource": "repo", "collection": ["com.example.note"] },
    ///     ] } },
    /// })).unwrap();
    ///
    /// let granted = ScopeSet::parse("atproto include:com.example.authBasic")?;
    /// let expanded = granted.expand(|name| (name == set.name()).then_some(&set)).unwrap();
    /// assert_eq!(expanded.to_string(), "repo:com.example.note atproto");
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Unresolved` for the first set that `set_of` does not know (R-390), `Scope` where the result is longer than a
    /// wire string may be (R-403).
    pub fn expand<'a>(
        &self,
        set_of: impl Fn(&Nsid) -> Option<&'a PermissionSet>,
    ) -> Result<Self, ExpansionFault> {
        let (mut seen, mut expanded, mut bytes) = (BTreeSet::new(), Vec::new(), 0);
        for include in self.includes() {
            let set =
                set_of(include.set()).ok_or_else(|| ExpansionFault::Unresolved(include.set().clone()))?;
            for scope in set.expand(include) {
                bytes += scope.as_str().len();
                if bytes > EXPANDED_BYTES_MAX {
                    return Err(ExpansionFault::Scope(InvalidScope::TooLong));
                }
                expanded.push(scope);
            }
        }
        let others = self
            .iter()
            .filter(|scope| !matches!(scope.meaning(), Meaning::Include(_)));
        expanded.extend(others.cloned());
        expanded.retain(|scope: &Scope| seen.insert(scope.clone()));
        Ok(Self::bounded(expanded)?)
    }

    /// The permission sets among the values, each once.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let asked = ScopeSet::parse("atproto include:a.b.set include:a.b.set?aud=did:web:h%23svc")?;
    /// assert_eq!(asked.permission_sets().map(|name| name.as_str()).collect::<Vec<_>>(), ["a.b.set"]);
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn permission_sets(&self) -> impl Iterator<Item = &Nsid> {
        let names: BTreeSet<_> = self.includes().map(Include::set).collect();
        names.into_iter()
    }

    fn includes(&self) -> impl Iterator<Item = &Include> {
        self.iter().filter_map(|scope| match scope.meaning() {
            Meaning::Include(include) => Some(include),
            _ => None,
        })
    }
}

/// Why a grant has no concrete permissions.
///
/// ```
/// use entryway_scope::{ExpansionFault, ScopeSet};
///
/// let granted = ScopeSet::parse("atproto include:a.b.set")?;
/// let fault = granted.expand(|_| None).unwrap_err();
/// assert!(matches!(fault, ExpansionFault::Unresolved(name) if name.as_str() == "a.b.set"));
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ExpansionFault {
    /// A permission set that is not at hand.
    #[error("a permission set could not be resolved")]
    Unresolved(Nsid),
    /// More permissions than a wire string may hold.
    #[error("with its permission sets expanded, {0}")]
    Scope(#[from] InvalidScope),
}

/// Where to stop collecting what includes hold, duplicates counted: several times the longest wire string.
const EXPANDED_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(name: &str, names: &[String]) -> PermissionSet {
        let permission = json!({"type": "permission", "resource": "rpc", "lxm": names, "inheritAud": true});
        let main = json!({"type": "permission-set", "permissions": [permission]});
        let record = json!({"lexicon": 1, "id": name, "defs": {"main": main}});
        PermissionSet::read(&Nsid::parse(name).unwrap(), &record).unwrap()
    }

    fn wire(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    // R-390, R-401
    #[test]
    fn sets_come_first_each_permission_once_and_one_unknown_set_spoils_all() {
        let known = [
            set("a.b.one", &["a.b.c".into()]),
            set("a.b.two", &["a.b.c".into(), "a.b.d".into()]),
        ];
        let expand = |text: &str| wire(text).expand(|name| known.iter().find(|set| set.name() == name));
        for (granted, expanded) in [
            ("atproto repo:*", "atproto repo:*"),
            ("atproto include:a.b.one", "atproto"),
            (
                "atproto include:a.b.one?aud=did:web:h%23svc repo:a.b.c?",
                "rpc:a.b.c?aud=did:web:h%23svc atproto repo:a.b.c?",
            ),
            (
                "include:a.b.two?aud=did:web:h%23svc include:a.b.one?aud=did:web:h%23svc rpc:a.b.c?aud=did:web:h%23svc",
                "rpc?lxm=a.b.c&lxm=a.b.d&aud=did:web:h%23svc rpc:a.b.c?aud=did:web:h%23svc",
            ),
        ] {
            assert_eq!(expand(granted).unwrap().to_string(), expanded, "{granted}");
        }
        let unknown = Nsid::parse("a.b.none").unwrap();
        assert_eq!(
            expand("atproto include:a.b.one include:a.b.none"),
            Err(ExpansionFault::Unresolved(unknown))
        );
    }

    // R-403
    #[test]
    fn an_expansion_that_would_not_be_a_wire_string_is_refused() {
        let names: Vec<_> = (0..1000)
            .map(|n| format!("a.b.oneOfVeryManyMethods{n}"))
            .collect();
        let large = set("a.b.large", &names);
        let expand = |text: &str| wire(text).expand(|_| Some(&large)).map(|scope| scope.len());
        assert_eq!(expand("include:a.b.large"), Ok(0));
        let too_long = Err(ExpansionFault::Scope(InvalidScope::TooLong));
        assert_eq!(expand("include:a.b.large?aud=did:web:h%23svc"), too_long);
        let values: Vec<_> = (0..400)
            .map(|n| format!("include:a.b.large?aud=did:web:h%23{n}"))
            .collect();
        assert_eq!(expand(&values.join(" ")), too_long);
    }
}
