//! The rows of contract section 5.4, and those of section 2.2 that are closed to OAuth, in their order.

use super::sample::{MODERATION, REPORTS, Sample, permissions};
use super::*;

fn needs(line: &str, headers: &[(&'static str, &str)], body: &str) -> String {
    let sample = Sample { line, headers, body };
    sample
        .needs(&permissions())
        .unwrap_or_else(|refusal| format!("{line}: {refusal}"))
}

const JSON: (&str, &str) = ("content-type", "application/json");
const ELSEWHERE: (&str, &str) = ("atproto-proxy", "did:web:other.example#svc");

// R-383, R-384
#[test]
fn writing_needs_the_collections_and_types_that_are_written() {
    let record =
        r#"{"repo":"alice.test","collection":"a.b.c","rkey":"self","record":{"collection":"x.y.z"}}"#;
    for (method, values) in [
        ("createRecord", "repo:a.b.c?action=create"),
        ("putRecord", "repo:a.b.c?action=create repo:a.b.c?action=update"),
        ("deleteRecord", "repo:a.b.c?action=delete"),
    ] {
        let line = format!("POST com.atproto.repo.{method}");
        assert_eq!(needs(&line, &[JSON], record), values);
        // the PDS answers it, wherever the header points
        assert_eq!(needs(&line, &[JSON, ELSEWHERE], record), values);
    }
    let writes = r#"{"repo":"did:web:h","writes":[
        {"$type":"com.atproto.repo.applyWrites#delete","collection":"a.b.c","rkey":"1"},
        {"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.d","value":{}},
        {"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.c","value":{}},
        {"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.c","value":{}},
        {"$type":"com.atproto.repo.applyWrites#update","collection":"a.b.c","rkey":"2","value":{}}]}"#;
    assert_eq!(
        needs("POST com.atproto.repo.applyWrites", &[JSON], writes),
        "repo:a.b.c?action=create repo:a.b.d?action=create repo:a.b.c?action=update repo:a.b.c?action=delete"
    );
    for (content_type, value) in [
        ("image/png", "blob:image/png"),
        ("image/png; charset=x;q=\"a,b\"", "blob:image/png"),
        (" Image/PNG\t; a", "blob:image/png"),
        ("image/svg+xml", "blob:image/svg+xml"),
    ] {
        let headers = [("content-type", content_type), ("content-encoding", "gzip")];
        assert_eq!(needs("POST com.atproto.repo.uploadBlob", &headers, ""), value);
    }
    let imported = needs(
        "POST com.atproto.repo.importRepo",
        &[("content-type", "application/vnd.ipld.car")],
        "",
    );
    assert_eq!(imported, "account:repo?action=manage");
}

// R-382
#[test]
fn some_methods_need_nothing_beyond_atproto() {
    for method in [
        "repo.listMissingBlobs",
        "server.checkAccountStatus",
        "identity.getRecommendedDidCredentials",
        "sync.getRepo",
        "sync.getBlob",
        "sync.listBlobs",
        "server.getSession",
        "server.describeServer",
        "repo.getRecord",
        "sync.subscribeRepos",
    ] {
        for verb in ["GET", "HEAD"] {
            assert_eq!(
                needs(
                    &format!("{verb} com.atproto.{method}?did=x&did=y"),
                    &[ELSEWHERE],
                    ""
                ),
                "nothing"
            );
        }
    }
}

// R-381
#[test]
fn the_address_is_seen_with_a_scope_for_it() {
    for (scope, seen) in [
        ("atproto", false),
        ("atproto transition:generic transition:chat.bsky", false),
        ("atproto account:status?action=manage", false),
        ("atproto transition:email", true),
        ("atproto account:email", true),
        ("atproto account:email?action=manage", true),
    ] {
        assert_eq!(sees_email(&ScopeSet::parse(scope).unwrap()), seen, "{scope}");
    }
}

// R-385
#[test]
fn a_service_token_needs_rpc_for_what_it_will_say() {
    for (query, value) in [
        ("aud=did:web:h%23svc&lxm=a.b.c", "rpc:a.b.c?aud=did:web:h%23svc"),
        (
            "lxm=a.b.c&exp=1&aud=did%3Aweb%3Ah%23svc",
            "rpc:a.b.c?aud=did:web:h%23svc",
        ),
        ("aud=did:web:h%23svc", "rpc:*?aud=did:web:h%23svc"),
        (
            "&&aud=did:web:localhost%253A2583%23svc&",
            "rpc:*?aud=did:web:localhost%253A2583%23svc",
        ),
        // as given: no scope for a service covers it, so the next wider one is named
        ("aud=did:web:h&lxm=a.b.c", "rpc:a.b.c?aud=*"),
        (
            "aud=did:web:h&lxm=com.atproto.server.createAccount",
            "rpc:com.atproto.server.createAccount?aud=*",
        ),
    ] {
        assert_eq!(
            needs(
                &format!("GET com.atproto.server.getServiceAuth?{query}"),
                &[ELSEWHERE],
                ""
            ),
            value
        );
    }
    let act = OwnedAct::Rpc {
        method: Some(Nsid::parse("a.b.c").unwrap()),
        audience: "did:web:h".to_owned(),
    };
    let service = ScopeSet::parse("atproto rpc:a.b.c?aud=did:web:h%23svc").unwrap();
    assert_eq!(
        check(&service, &[act]),
        Err(Refusal::scope_missing("rpc:a.b.c?aud=*"))
    );
}

// R-385, R-465
#[test]
fn a_proxied_call_needs_rpc_where_it_goes() {
    for (line, value) in [
        ("GET app.bsky.actor.getProfile", "app.bsky.actor.getProfile"),
        ("GET app.bsky.actor.getProfiles", "app.bsky.actor.getProfiles"),
        (
            "GET app.bsky.actor.getPreferences",
            "app.bsky.actor.getPreferences",
        ),
        (
            "POST app.bsky.actor.putPreferences",
            "app.bsky.actor.putPreferences",
        ),
        ("GET app.bsky.feed.getTimeline", "app.bsky.feed.getTimeline"),
        ("HEAD app.bsky.feed.getAuthorFeed", "app.bsky.feed.getAuthorFeed"),
        ("GET app.bsky.feed.getActorLikes", "app.bsky.feed.getActorLikes"),
        ("GET app.bsky.feed.getPostThread", "app.bsky.feed.getPostThread"),
        // not in the table
        (
            "GET app.bsky.graph.getFollows?actor=x",
            "app.bsky.graph.getFollows",
        ),
        ("POST app.bsky.graph.muteActor", "app.bsky.graph.muteActor"),
        ("GET chat.bsky.convo.listConvos", "chat.bsky.convo.listConvos"),
        ("POST com.example.other.thing", "com.example.other.thing"),
        ("GET tools.ozone.set.getValues", "tools.ozone.set.getValues"),
        // of the protocol, and answered elsewhere
        (
            "GET com.atproto.identity.resolveDid",
            "com.atproto.identity.resolveDid",
        ),
        (
            "GET com.atproto.label.queryLabels",
            "com.atproto.label.queryLabels",
        ),
    ] {
        assert_eq!(
            needs(line, &[], ""),
            format!("rpc:{value}?aud=did:web:api.bsky.app%23bsky_appview")
        );
        assert_eq!(
            needs(line, &[ELSEWHERE], ""),
            format!("rpc:{value}?aud=did:web:other.example%23svc")
        );
    }
    assert_eq!(
        needs("GET app.bsky.feed.getFeed", &[], ""),
        "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview \
         rpc:app.bsky.feed.getFeedSkeleton?aud=did:web:api.bsky.app%23bsky_appview"
    );
    for (line, service) in [
        ("POST com.atproto.moderation.createReport", REPORTS),
        ("POST tools.ozone.moderation.emitEvent", MODERATION),
        ("GET tools.ozone.moderation.queryStatuses", MODERATION),
    ] {
        let (method, service) = (line.split_once(' ').unwrap().1, service.replace('#', "%23"));
        assert_eq!(needs(line, &[], ""), format!("rpc:{method}?aud={service}"));
        assert_eq!(
            needs(line, &[ELSEWHERE], ""),
            format!("rpc:{method}?aud=did:web:other.example%23svc")
        );
    }
}

#[test]
fn notifications_need_rpc_at_the_service_of_the_body() {
    let body = r#"{"serviceDid":"did:web:push.example","token":"t","platform":"ios","appId":"a"}"#;
    for method in ["registerPush", "unregisterPush"] {
        let method = format!("app.bsky.notification.{method}");
        let line = format!("POST {method}");
        assert_eq!(
            needs(&line, &[JSON, ELSEWHERE], body),
            format!("rpc:{method}?aud=did:web:push.example%23bsky_notif")
        );
        // without a view the reference does not know the method, and goes where the header points
        let sample = Sample {
            line: &line,
            headers: &[ELSEWHERE],
            body,
        };
        let without_view = Permissions::new(PermissionsConfig::default());
        assert_eq!(
            sample.needs(&without_view).unwrap(),
            format!("rpc:{method}?aud=did:web:other.example%23svc")
        );
    }
}

// R-386
#[test]
fn account_and_identity_have_scopes_of_their_own() {
    for (method, value) in [
        ("identity.updateHandle", "identity:handle"),
        ("identity.requestPlcOperationSignature", "identity:*"),
        ("identity.signPlcOperation", "identity:*"),
        ("identity.submitPlcOperation", "identity:*"),
        ("server.requestEmailConfirmation", "account:email?action=manage"),
        ("server.confirmEmail", "account:email?action=manage"),
        ("server.deactivateAccount", "account:status?action=manage"),
    ] {
        assert_eq!(
            needs(&format!("POST com.atproto.{method}"), &[ELSEWHERE], ""),
            value
        );
    }
}

// R-380, R-382
#[test]
fn no_scope_opens_what_is_closed_wherever_the_header_points() {
    for line in [
        "POST com.atproto.server.createAppPassword",
        "GET com.atproto.server.listAppPasswords",
        "POST com.atproto.server.revokeAppPassword",
        "POST com.atproto.server.requestEmailUpdate",
        "POST com.atproto.server.updateEmail",
        "POST com.atproto.server.requestAccountDelete",
        "POST com.atproto.server.activateAccount",
        "GET com.atproto.server.getAccountInviteCodes",
        "GET com.atproto.temp.checkSignupQueue",
        "POST com.atproto.server.createAccount",
        "POST com.atproto.server.createSession",
        "POST com.atproto.server.refreshSession",
        "POST com.atproto.server.deleteSession",
        "POST com.atproto.server.deleteAccount",
        "POST com.atproto.server.resetPassword",
        "POST com.atproto.server.createInviteCode",
        "POST com.atproto.admin.sendEmail",
        "POST com.atproto.admin.updateSubjectStatus",
        "GET com.atproto.admin.searchAccounts",
        // newer than the table, or the PDS's own
        "POST com.atproto.server.transferAccount",
        "GET com.atproto.space.getRecord",
        "POST COM.ATPROTO.server.transferAccount",
        "POST com.example.pds.dropEverything",
        "POST com.example.pds.DROPEVERYTHING",
    ] {
        assert_eq!(needs(line, &[], ""), "never", "{line}");
        assert_eq!(needs(line, &[ELSEWHERE], ""), "never", "{line}");
    }
}

// R-380
#[test]
fn transitional_scopes_open_what_the_reference_opens_with_them() {
    let acts = |line: &str| {
        let (method, nsid) = line.split_once(' ').unwrap();
        let headers = HeaderMap::new();
        let need = permissions().need(&Call {
            nsid: &Nsid::parse(nsid).unwrap(),
            method: &method.parse().unwrap(),
            query: None,
            headers: &headers,
        });
        let Need::Acts(acts) = need.unwrap() else {
            panic!("{line}")
        };
        acts
    };
    for (scope, line, permitted) in [
        (
            "atproto transition:generic",
            "GET app.bsky.feed.getTimeline",
            true,
        ),
        ("atproto transition:generic", "GET app.bsky.feed.getFeed", true),
        (
            "atproto transition:generic",
            "POST com.atproto.moderation.createReport",
            true,
        ),
        (
            "atproto transition:generic",
            "GET chat.bsky.convo.listConvos",
            false,
        ),
        (
            "atproto transition:generic transition:chat.bsky",
            "GET chat.bsky.convo.listConvos",
            true,
        ),
        (
            "atproto transition:generic",
            "POST com.atproto.repo.importRepo",
            false,
        ),
        (
            "atproto transition:generic",
            "POST com.atproto.identity.updateHandle",
            false,
        ),
        (
            "atproto transition:generic transition:email",
            "POST com.atproto.server.confirmEmail",
            false,
        ),
        (
            "atproto identity:handle",
            "POST com.atproto.identity.signPlcOperation",
            false,
        ),
        (
            "atproto identity:*",
            "POST com.atproto.identity.updateHandle",
            true,
        ),
        (
            "atproto account:email",
            "POST com.atproto.server.confirmEmail",
            false,
        ),
    ] {
        let permitted_here = check(&ScopeSet::parse(scope).unwrap(), &acts(line)).is_ok();
        assert_eq!(permitted_here, permitted, "{scope}: {line}");
    }
}

#[test]
fn a_proxy_learns_what_is_public_and_what_the_pds_answers_itself() {
    for (nsid, public, own) in [
        ("com.atproto.sync.getRepo", true, true),
        ("com.atproto.SYNC.getRepo", false, false),
        ("com.atproto.server.getSession", false, true),
        ("com.atproto.repo.createRecord", false, true),
        ("com.atproto.server.createAppPassword", false, true),
        ("com.example.pds.dropEverything", false, true),
        ("app.bsky.notification.registerPush", false, true),
        ("app.bsky.feed.getTimeline", false, false),
        ("com.atproto.moderation.createReport", false, false),
        ("com.example.other.thing", false, false),
    ] {
        let nsid = Nsid::parse(nsid).unwrap();
        assert_eq!(
            (permissions().is_public(&nsid), permissions().is_own(&nsid)),
            (public, own),
            "{nsid}"
        );
    }
}
