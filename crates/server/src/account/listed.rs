//! The facts behind the page of an account.

use entryway_core::account::Account;
use entryway_oauth::time::Timestamp;
use entryway_scope::Scope;
use entryway_store::{ConnectedApp, ConnectedApps, Devices};

use crate::app::App;
use crate::browser::Browser;
use crate::failure::Failure;
use crate::sets::Sets;

/// What can use an account, as seen from one browser.
pub(super) struct Listed<'a> {
    pub(super) account: &'a Account,
    pub(super) apps: ConnectedApps,
    pub(super) devices: Devices,
    /// How many passwords of apps there are.
    pub(super) app_passwords: usize,
    /// How many sessions of `createSession` there are.
    pub(super) password_sessions: u64,
    /// The permission sets that the apps were granted, as far as they are at hand.
    pub(super) sets: Sets,
    pub(super) now: Timestamp,
}

impl<'a> Listed<'a> {
    pub(super) async fn load(
        app: &App,
        browser: &Browser,
        account: &'a Account,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let store = app.store();
        let apps = store.connected_apps(&account.did, app.policy(), now).await?;
        let devices = store.devices(&account.did, browser.digest(), now).await?;
        let app_passwords = store.app_passwords(&account.did).await?.len();
        let password_sessions = store.legacy_sessions(&account.did, now).await?.count;
        let names = apps.listed.iter().flat_map(scopes);
        let sets = app.sets().at_hand(names, now).await?;
        Ok(Self {
            account,
            apps,
            devices,
            app_passwords,
            password_sessions,
            sets,
            now,
        })
    }
}

/// What an app may do: what its listed sessions were granted, each value once, or without any what is remembered.
pub(super) fn scopes(app: &ConnectedApp) -> Vec<&Scope> {
    let mut all: Vec<&Scope> = Vec::new();
    let of_sessions = app.sessions.iter().flat_map(|session| session.scope.iter());
    let remembered = app.grant.iter().filter(|_| app.sessions.is_empty());
    for scope in of_sessions.chain(remembered.flat_map(|grant| grant.scope.iter())) {
        if !all.contains(&scope) {
            all.push(scope);
        }
    }
    all
}
