use crate::{AccountAction, AccountAttribute, Meaning, Nsid, RepoAction, ScopeSet, Transition};

/// What a token with these scopes may do.
///
/// Each question is answered by one value alone; an `include` answers none, for what it stands for is not known here.
/// That `atproto` is among the values is for whoever verifies the token.
impl ScopeSet {
    /// Whether records of that collection may be created, updated or deleted (R-383).
    ///
    /// ```
    /// use entryway_scope::{Nsid, RepoAction, ScopeSet};
    ///
    /// let granted = ScopeSet::parse("atproto repo:app.bsky.feed.post?action=create")?;
    /// let post = Nsid::parse("app.bsky.feed.post").unwrap();
    /// assert!(granted.permits_repo(&post, RepoAction::Create));
    /// assert!(!granted.permits_repo(&post, RepoAction::Delete));
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn permits_repo(&self, collection: &Nsid, action: RepoAction) -> bool {
        self.any(|meaning| match meaning {
            Meaning::Transition(Transition::Generic) => true,
            Meaning::Repo(repo) => repo.permits(collection, action),
            _ => false,
        })
    }

    /// Whether a file of that media type, in lower case and without parameters, may be uploaded (R-384).
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let granted = ScopeSet::parse("atproto blob:image/*")?;
    /// assert!(granted.permits_blob("image/png"));
    /// assert!(!granted.permits_blob("video/mp4"));
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn permits_blob(&self, media_type: &str) -> bool {
        self.any(|meaning| match meaning {
            Meaning::Transition(Transition::Generic) => true,
            Meaning::Blob(blob) => blob.permits(media_type),
            _ => false,
        })
    }

    /// Whether the account's e-mail address may be shown (R-381).
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// assert!(ScopeSet::parse("atproto account:email")?.permits_account_email_read());
    /// assert!(!ScopeSet::parse("atproto transition:generic")?.permits_account_email_read());
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn permits_account_email_read(&self) -> bool {
        self.any(|meaning| match meaning {
            Meaning::Transition(Transition::Email) => true,
            Meaning::Account(account) => account.permits(AccountAttribute::Email, AccountAction::Read),
            _ => false,
        })
    }

    fn any(&self, permits: impl Fn(&Meaning) -> bool) -> bool {
        self.iter().any(|scope| permits(scope.meaning()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RepoAction::{Create, Delete, Update};

    // R-380, R-382, R-383
    #[test]
    fn records_are_written_by_collection_and_action() {
        for (wire, collection, action, permitted) in [
            ("atproto", "a.b.c", Create, false),
            (
                "atproto transition:email transition:chat.bsky",
                "a.b.c",
                Create,
                false,
            ),
            ("atproto transition:generic", "a.b.c", Delete, true),
            ("atproto repo:*", "a.b.c", Update, true),
            ("atproto repo:*?action=delete", "a.b.c", Delete, true),
            ("atproto repo:*?action=delete", "a.b.c", Create, false),
            ("atproto repo:a.b.c", "a.b.c", Update, true),
            ("atproto repo:a.b.c", "a.b.cc", Update, false),
            ("atproto repo:a.b.c", "a.b.c.d", Update, false),
            ("atproto repo:a.b.c", "a.b.C", Update, false),
            (
                "atproto repo:a.b.c?action=create repo:a.b.d?action=delete",
                "a.b.c",
                Delete,
                false,
            ),
            (
                "atproto repo:a.b.c?action=create repo:a.b.c?action=delete",
                "a.b.c",
                Delete,
                true,
            ),
            (
                "atproto blob:*/* account:repo?action=manage identity:* include:a.b.set",
                "a.b.c",
                Create,
                false,
            ),
        ] {
            let (granted, collection) = (ScopeSet::parse(wire).unwrap(), Nsid::parse(collection).unwrap());
            assert_eq!(
                granted.permits_repo(&collection, action),
                permitted,
                "{wire} {collection} {action:?}"
            );
        }
    }

    // R-380, R-382, R-384
    #[test]
    fn files_are_uploaded_by_media_type() {
        for (wire, media_type, permitted) in [
            ("atproto", "image/png", false),
            ("atproto transition:generic", "image/png", true),
            ("atproto repo:* include:a.b.set", "image/png", false),
            ("atproto blob:*/*", "image/png", true),
            ("atproto blob:image/*", "image/png", true),
            ("atproto blob:image/*", "video/mp4", false),
            ("atproto blob:image/png blob:video/*", "video/mp4", true),
            ("atproto blob:Image/PNG", "image/png", true),
        ] {
            assert_eq!(
                ScopeSet::parse(wire).unwrap().permits_blob(media_type),
                permitted,
                "{wire} {media_type}"
            );
        }
    }

    // R-381, R-382
    #[test]
    fn the_email_address_is_shown_to_those_who_asked_for_it() {
        for (wire, permitted) in [
            ("atproto", false),
            ("atproto transition:generic", false),
            ("atproto transition:email", true),
            ("atproto account:email", true),
            ("atproto account:email?action=manage", true),
            (
                "atproto account:repo?action=manage account:status identity:*",
                false,
            ),
        ] {
            assert_eq!(
                ScopeSet::parse(wire).unwrap().permits_account_email_read(),
                permitted,
                "{wire}"
            );
        }
    }
}
