//! The methods of the reference PDS, one row each, and what each of them needs (contract sections 2.2 and 5.4).
//!
//! Read from `@atproto/pds` 0.5.35. Every `com.atproto.*` lexicon of that time has a row, so that a name without
//! one is newer than this table.

use entryway_oauth::service_token::ServiceMethod;
use entryway_scope::AccountAction::Manage;
use entryway_scope::AccountAttribute::{Email, Repo, Status};
use entryway_scope::IdentityPermission::{self, Any, Handle};
use entryway_scope::RepoAction::{self, Create, Delete, Update};
use entryway_scope::{AccountAction, AccountAttribute};

use Provider::{AppView, Moderation, Reports};
use Rule::{Account, Blob, Closed, Feed, Identity, Nothing, Public, Push, Record, Rpc, ServiceToken, Writes};
use Verb::{Procedure, Query};

/// One method.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) nsid: &'static str,
    pub(super) verb: Verb,
    pub(super) rule: Rule,
}

/// How a method is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// By GET or HEAD; a subscription too.
    Query,
    /// By POST.
    Procedure,
}

/// What a method needs beyond `atproto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing, not even credentials.
    Public,
    /// Nothing.
    Nothing,
    /// No scope opens it.
    Closed,
    /// `repo` in each of these ways, for the `collection` of the body.
    Record(&'static [RepoAction]),
    /// `repo` for each of the `writes` of the body.
    Writes,
    /// `blob` for the media type of the body.
    Blob,
    /// `account`.
    Account(AccountAttribute, AccountAction),
    /// `identity`.
    Identity(IdentityPermission),
    /// `rpc` for the `lxm` and `aud` of the query.
    ServiceToken,
    /// `rpc` for this method where `atproto-proxy` points, or there.
    Rpc(Provider),
    /// As `Rpc(AppView)`, for this method and for what the view asks of the feed's maker.
    Feed,
    /// `rpc` for this method at the notification service of the `serviceDid` in the body.
    Push,
}

/// Whose services a PDS calls when `atproto-proxy` names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    AppView,
    Moderation,
    Reports,
}

/// The row of this name, in any case: routers of the reference take `createrecord` for `createRecord`.
pub(super) fn find(nsid: &str) -> Option<&'static Row> {
    let at = TABLE
        .binary_search_by(|row| lower(row.nsid).cmp(lower(nsid)))
        .ok()?;
    TABLE.get(at)
}

fn lower(nsid: &str) -> impl Iterator<Item = u8> {
    nsid.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// Whether a service token for this method would prove that the PDS itself calls, so that no user may have one
/// (contract section 2.2, R-464).
pub(super) fn is_protected(nsid: &str) -> bool {
    let mut protected = ServiceMethod::ALL.into_iter().map(ServiceMethod::nsid);
    protected.any(|protected| protected.eq_ignore_ascii_case(nsid))
}

/// What the maker of a feed is asked, beside `app.bsky.feed.getFeed`.
pub(super) const FEED_SKELETON: &str = "app.bsky.feed.getFeedSkeleton";

const fn query(nsid: &'static str, rule: Rule) -> Row {
    let verb = Query;
    Row { nsid, verb, rule }
}

const fn procedure(nsid: &'static str, rule: Rule) -> Row {
    let verb = Procedure;
    Row { nsid, verb, rule }
}

/// In the order of the alphabet, whatever the case: [`find`] searches it.
pub(super) const TABLE: &[Row] = &[
    // answered by the PDS, with what the view says mixed with what the view does not know yet
    query("app.bsky.actor.getPreferences", Rpc(AppView)),
    query("app.bsky.actor.getProfile", Rpc(AppView)),
    query("app.bsky.actor.getProfiles", Rpc(AppView)),
    procedure("app.bsky.actor.putPreferences", Rpc(AppView)),
    query("app.bsky.feed.getActorLikes", Rpc(AppView)),
    query("app.bsky.feed.getAuthorFeed", Rpc(AppView)),
    query("app.bsky.feed.getFeed", Feed),
    query("app.bsky.feed.getPostThread", Rpc(AppView)),
    query("app.bsky.feed.getTimeline", Rpc(AppView)),
    procedure("app.bsky.notification.registerPush", Push),
    procedure("app.bsky.notification.unregisterPush", Push),
    // for administrators and moderators, with credentials of their own
    procedure("com.atproto.admin.deleteAccount", Closed),
    procedure("com.atproto.admin.disableAccountInvites", Closed),
    procedure("com.atproto.admin.disableInviteCodes", Closed),
    procedure("com.atproto.admin.enableAccountInvites", Closed),
    query("com.atproto.admin.getAccountInfo", Closed),
    query("com.atproto.admin.getAccountInfos", Closed),
    query("com.atproto.admin.getInviteCodes", Closed),
    query("com.atproto.admin.getSubjectStatus", Closed),
    query("com.atproto.admin.searchAccounts", Closed),
    procedure("com.atproto.admin.sendEmail", Closed),
    procedure("com.atproto.admin.updateAccountEmail", Closed),
    procedure("com.atproto.admin.updateAccountHandle", Closed),
    procedure("com.atproto.admin.updateAccountPassword", Closed),
    procedure("com.atproto.admin.updateAccountSigningKey", Closed),
    procedure("com.atproto.admin.updateSubjectStatus", Closed),
    query("com.atproto.identity.getRecommendedDidCredentials", Nothing),
    procedure("com.atproto.identity.refreshIdentity", Rpc(AppView)),
    procedure("com.atproto.identity.requestPlcOperationSignature", Identity(Any)),
    query("com.atproto.identity.resolveDid", Rpc(AppView)),
    query("com.atproto.identity.resolveHandle", Public),
    query("com.atproto.identity.resolveIdentity", Rpc(AppView)),
    procedure("com.atproto.identity.signPlcOperation", Identity(Any)),
    procedure("com.atproto.identity.submitPlcOperation", Identity(Any)),
    procedure("com.atproto.identity.updateHandle", Identity(Handle)),
    query("com.atproto.label.queryLabels", Rpc(AppView)),
    query("com.atproto.label.subscribeLabels", Rpc(AppView)),
    query("com.atproto.lexicon.resolveLexicon", Rpc(AppView)),
    procedure("com.atproto.moderation.createReport", Rpc(Reports)),
    procedure("com.atproto.repo.applyWrites", Writes),
    procedure("com.atproto.repo.createRecord", Record(&[Create])),
    procedure("com.atproto.repo.deleteRecord", Record(&[Delete])),
    query("com.atproto.repo.describeRepo", Public),
    query("com.atproto.repo.getRecord", Public),
    procedure("com.atproto.repo.importRepo", Account(Repo, Manage)),
    query("com.atproto.repo.listMissingBlobs", Nothing),
    query("com.atproto.repo.listRecords", Public),
    procedure("com.atproto.repo.putRecord", Record(&[Create, Update])),
    procedure("com.atproto.repo.uploadBlob", Blob),
    procedure("com.atproto.server.activateAccount", Closed),
    query("com.atproto.server.checkAccountStatus", Nothing),
    procedure("com.atproto.server.confirmEmail", Account(Email, Manage)),
    // takes a password, a refresh token or a service token, like the other closed ones around it
    procedure("com.atproto.server.createAccount", Closed),
    procedure("com.atproto.server.createAppPassword", Closed),
    procedure("com.atproto.server.createInviteCode", Closed),
    procedure("com.atproto.server.createInviteCodes", Closed),
    procedure("com.atproto.server.createSession", Closed),
    procedure("com.atproto.server.deactivateAccount", Account(Status, Manage)),
    procedure("com.atproto.server.deleteAccount", Closed),
    procedure("com.atproto.server.deleteSession", Closed),
    query("com.atproto.server.describeServer", Public),
    query("com.atproto.server.getAccountInviteCodes", Closed),
    query("com.atproto.server.getServiceAuth", ServiceToken),
    query("com.atproto.server.getSession", Nothing),
    query("com.atproto.server.listAppPasswords", Closed),
    procedure("com.atproto.server.refreshSession", Closed),
    procedure("com.atproto.server.requestAccountDelete", Closed),
    procedure(
        "com.atproto.server.requestEmailConfirmation",
        Account(Email, Manage),
    ),
    procedure("com.atproto.server.requestEmailUpdate", Closed),
    procedure("com.atproto.server.requestPasswordReset", Closed),
    procedure("com.atproto.server.reserveSigningKey", Closed),
    procedure("com.atproto.server.resetPassword", Closed),
    procedure("com.atproto.server.revokeAppPassword", Closed),
    procedure("com.atproto.server.updateEmail", Closed),
    query("com.atproto.sync.getBlob", Public),
    query("com.atproto.sync.getBlocks", Public),
    query("com.atproto.sync.getCheckout", Public),
    query("com.atproto.sync.getHead", Public),
    query("com.atproto.sync.getHostStatus", Rpc(AppView)),
    query("com.atproto.sync.getLatestCommit", Public),
    query("com.atproto.sync.getRecord", Public),
    query("com.atproto.sync.getRepo", Public),
    query("com.atproto.sync.getRepoStatus", Public),
    query("com.atproto.sync.listBlobs", Public),
    query("com.atproto.sync.listHosts", Rpc(AppView)),
    query("com.atproto.sync.listRepos", Public),
    query("com.atproto.sync.listReposByCollection", Rpc(AppView)),
    procedure("com.atproto.sync.notifyOfUpdate", Rpc(AppView)),
    procedure("com.atproto.sync.requestCrawl", Rpc(AppView)),
    query("com.atproto.sync.subscribeRepos", Public),
    procedure("com.atproto.temp.addReservedHandle", Closed),
    query("com.atproto.temp.checkHandleAvailability", Rpc(AppView)),
    query("com.atproto.temp.checkSignupQueue", Closed),
    query("com.atproto.temp.dereferenceScope", Closed),
    query("com.atproto.temp.fetchLabels", Rpc(AppView)),
    procedure("com.atproto.temp.requestPhoneVerification", Closed),
    procedure("com.atproto.temp.revokeAccountCredentials", Closed),
    // other methods of this group go where all unknown ones go
    procedure("tools.ozone.communication.createTemplate", Rpc(Moderation)),
    procedure("tools.ozone.communication.deleteTemplate", Rpc(Moderation)),
    query("tools.ozone.communication.listTemplates", Rpc(Moderation)),
    procedure("tools.ozone.communication.updateTemplate", Rpc(Moderation)),
    procedure("tools.ozone.moderation.cancelScheduledActions", Rpc(Moderation)),
    procedure("tools.ozone.moderation.emitEvent", Rpc(Moderation)),
    query("tools.ozone.moderation.getAccountTimeline", Rpc(Moderation)),
    query("tools.ozone.moderation.getEvent", Rpc(Moderation)),
    query("tools.ozone.moderation.getRecord", Rpc(Moderation)),
    query("tools.ozone.moderation.getRepo", Rpc(Moderation)),
    procedure("tools.ozone.moderation.listScheduledActions", Rpc(Moderation)),
    query("tools.ozone.moderation.queryEvents", Rpc(Moderation)),
    query("tools.ozone.moderation.queryStatuses", Rpc(Moderation)),
    procedure("tools.ozone.moderation.scheduleAction", Rpc(Moderation)),
    query("tools.ozone.moderation.searchRepos", Rpc(Moderation)),
    procedure("tools.ozone.safelink.addRule", Rpc(Moderation)),
    procedure("tools.ozone.safelink.queryEvents", Rpc(Moderation)),
    procedure("tools.ozone.safelink.queryRules", Rpc(Moderation)),
    procedure("tools.ozone.safelink.removeRule", Rpc(Moderation)),
    procedure("tools.ozone.safelink.updateRule", Rpc(Moderation)),
    procedure("tools.ozone.team.addMember", Rpc(Moderation)),
    procedure("tools.ozone.team.deleteMember", Rpc(Moderation)),
    query("tools.ozone.team.listMembers", Rpc(Moderation)),
    procedure("tools.ozone.team.updateMember", Rpc(Moderation)),
    procedure("tools.ozone.verification.grantVerifications", Rpc(Moderation)),
    query("tools.ozone.verification.listVerifications", Rpc(Moderation)),
    procedure("tools.ozone.verification.revokeVerifications", Rpc(Moderation)),
];

#[cfg(test)]
mod tests {
    use entryway_scope::Nsid;

    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_in_any_case() {
        for row in TABLE {
            assert_eq!(Nsid::parse(row.nsid).unwrap().as_str(), row.nsid);
            for name in [
                row.nsid.to_owned(),
                row.nsid.to_uppercase(),
                row.nsid.to_lowercase(),
            ] {
                assert_eq!(find(&name).map(|found| found.nsid), Some(row.nsid), "{name}");
            }
        }
        for name in [
            "",
            "a.b.c",
            "com.atproto.server",
            "com.atproto.server.getSessions",
            "zz.z.z",
        ] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_row_comes_once_and_in_order() {
        assert!(TABLE.is_sorted_by(|one, next| lower(one.nsid).lt(lower(next.nsid))));
    }

    // what the PDS answers itself never reaches a proxy
    #[test]
    fn no_protected_method_is_one_that_is_proxied() {
        for name in ServiceMethod::ALL.map(ServiceMethod::nsid) {
            let rule = find(name).unwrap().rule;
            assert!(!matches!(rule, Rpc(_) | Feed | Push | Public), "{name}");
        }
    }
}
