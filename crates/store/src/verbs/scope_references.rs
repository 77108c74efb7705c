//! Scopes that are too long for an access token, by the name the token has instead.

use tracing::instrument;

use entryway_oauth::time::Timestamp;
use entryway_scope::ScopeReference;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::sql;
use crate::verbs::Verb;

impl Store {
    /// Keeps the scope for whoever gets a token that names it, until `expires_at` at least.
    ///
    /// Kept again it stays as long as the longest of its tokens. Does not check that the reference is the hash
    /// of this scope, nor how long the scope is: the caller makes one of the other.
    #[instrument(name = "store.keep_scope", level = "debug", skip_all)]
    pub async fn keep_scope(
        &self,
        reference: &ScopeReference,
        scope: &str,
        expires_at: Timestamp,
    ) -> Result<(), Fault> {
        self.write(KeepScope {
            reference: reference.clone(),
            scope: scope.to_owned(),
            expires_at,
        })
        .await
    }

    /// The scope of this name, while a token may have it.
    #[instrument(name = "store.scope_of", level = "debug", skip_all)]
    pub async fn scope_of(
        &self,
        reference: &ScopeReference,
        now: Timestamp,
    ) -> Result<Option<String>, Fault> {
        let query = query(sql::SCOPE_OF)
            .bind(reference.as_str().to_owned())
            .bind(now.seconds());
        let row = self.load("scope_of", query).await?;
        let scope = |row| {
            Columns::of(row, "scope_reference")
                .text("scope")
                .map(str::to_owned)
        };
        row.as_ref().map(scope).transpose()
    }
}

struct KeepScope {
    reference: ScopeReference,
    scope: String,
    expires_at: Timestamp,
}

impl Verb for KeepScope {
    type Outcome = ();
    const NAME: &'static str = "keep_scope";

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        query(sql::KEEP_SCOPE)
            .bind(self.reference.as_str())
            .bind(self.scope.as_str())
            .bind(self.expires_at.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}
