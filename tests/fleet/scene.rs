//! An account on a host, and what its owner does first.

use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_scope::Did;
use entryway_server::Letter;
use entryway_store::{ChangeBegin, ChangeFinish};
use entryway_tests::{Engine, Host, Reply, Resident, TestServer, World, secrets};
use serde_json::json;

use crate::xrpc::procedure;

pub(crate) const CREATE_SESSION: &str = "com.atproto.server.createSession";
pub(crate) const REFRESH_SESSION: &str = "com.atproto.server.refreshSession";
pub(crate) const DELETE_SESSION: &str = "com.atproto.server.deleteSession";
pub(crate) const GET_SESSION: &str = "com.atproto.server.getSession";
pub(crate) const CREATE_APP_PASSWORD: &str = "com.atproto.server.createAppPassword";
pub(crate) const LIST_APP_PASSWORDS: &str = "com.atproto.server.listAppPasswords";
pub(crate) const REVOKE_APP_PASSWORD: &str = "com.atproto.server.revokeAppPassword";
pub(crate) const REQUEST_EMAIL_CONFIRMATION: &str = "com.atproto.server.requestEmailConfirmation";
pub(crate) const CONFIRM_EMAIL: &str = "com.atproto.server.confirmEmail";
pub(crate) const REQUEST_EMAIL_UPDATE: &str = "com.atproto.server.requestEmailUpdate";
pub(crate) const UPDATE_EMAIL: &str = "com.atproto.server.updateEmail";
pub(crate) const REQUEST_PASSWORD_RESET: &str = "com.atproto.server.requestPasswordReset";
pub(crate) const RESET_PASSWORD: &str = "com.atproto.server.resetPassword";
pub(crate) const REQUEST_ACCOUNT_DELETE: &str = "com.atproto.server.requestAccountDelete";
pub(crate) const REQUEST_PLC_SIGNATURE: &str = "com.atproto.identity.requestPlcOperationSignature";
pub(crate) const SIGN_PLC_OPERATION: &str = "com.atproto.identity.signPlcOperation";
pub(crate) const CHECK_SIGNUP_QUEUE: &str = "com.atproto.temp.checkSignupQueue";

/// A host, and alice on it.
pub(crate) async fn lived_in(engine: Engine) -> (World, Host, Resident) {
    let world = World::start(engine, 1).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    (world, host, alice)
}

/// `createSession` with a name and a password.
pub(crate) async fn sign_in(server: &TestServer, identifier: &str, password: &str) -> Reply {
    let body = json!({"identifier": identifier, "password": password});
    procedure(CREATE_SESSION).json(&body).send(server).await
}

/// Nobody's reference.
pub(crate) const DOWN: StatusChange = StatusChange::TakenDown { reference: None };

/// The tokens of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    /// Those of a success.
    #[track_caller]
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.code(), 200, "{reply:?}");
        Self {
            access: reply.member("accessJwt"),
            refresh: reply.member("refreshJwt"),
        }
    }

    pub(crate) async fn begin(server: &TestServer, resident: &Resident) -> Self {
        Self::of(&sign_in(server, resident.handle.as_str(), &resident.password).await)
    }
}

/// The code that a letter brings.
#[track_caller]
pub(crate) fn code_of(letter: &Letter) -> String {
    let mut words = letter.text.split_whitespace();
    let code = words.find(|word| word.len() == 11 && word.as_bytes()[5] == b'-');
    let code = code.expect("a letter with a code").to_owned();
    secrets::record(&code);
    assert!(letter.html.contains(&code) && !letter.subject.contains(&code));
    code
}

/// `refreshSession` with this token.
pub(crate) async fn refresh(server: &TestServer, token: &str) -> Reply {
    procedure(REFRESH_SESSION).bearer(token).send(server).await
}

/// Makes this of an account, of which its host has not heard yet.
pub(crate) async fn set_status(server: &TestServer, did: &Did, change: StatusChange) {
    let (store, now) = (server.app().store(), server.clock().now());
    let account = store.account(did).await.unwrap().unwrap();
    let asked = AccountChange::begin(&account, Change::Status(change), now);
    let ChangeBegin::Begun(begun) = store.begin_change(&asked).await.unwrap() else {
        panic!("something else is under way");
    };
    assert_eq!(store.finish_change(&begun).await.unwrap(), ChangeFinish::Finished);
}
