//! People on a service that is killed, and what each moment of their lives is asked for with.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entryway_core::account::AccountStatus;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_scope::{Did, Handle};
use entryway_server::Clock;
use entryway_server::pds::{PdsClient, SubjectStatus};
use entryway_store::Store;
use entryway_tests::{Engine, Gate, Reply, Resident, Served, Service as _, Trouble};
use http::Request;
use serde_json::{Value, json};

use super::At;

/// What happens to an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Handle,
    Rest,
    Wake,
    TakeDown,
    Restore,
    Delete,
}

/// Somebody to whom it happens.
pub(super) struct Person {
    did: Did,
    pub(super) handle: Handle,
    /// What they want to be called.
    wished: Handle,
    password: String,
    access: String,
    /// What a letter brought.
    code: String,
}

pub(super) struct Life {
    pub(super) served: Served,
    store: Store,
    people: AtomicUsize,
}

impl Life {
    pub(super) async fn start(engine: Engine, name: &str) -> Self {
        let served = Served::start(engine, name).await;
        let store = served.store().await;
        Self {
            served,
            store,
            people: AtomicUsize::new(0),
        }
    }

    /// Somebody new, to whom this may happen now.
    pub(super) async fn person(&self, moment: Moment) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let (resident, session) = self.served.settle(&format!("name-{number}.test")).await;
        let Resident {
            did,
            handle,
            password,
        } = resident;
        let code = self.served.code(&did, EmailTokenPurpose::DeleteAccount).await;
        let person = Person {
            did,
            handle,
            wished: Handle::parse(&format!("other-{number}.test")).unwrap(),
            password,
            access: session.access,
            code: code.expose().to_owned(),
        };
        let before = match moment {
            Moment::Wake => Moment::Rest,
            Moment::Restore => Moment::TakeDown,
            _ => return person,
        };
        let reply = self.ask(self.request(before, &person)).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
        person
    }

    async fn ask(&self, request: Request<Body>) -> Reply {
        self.served.ask(request).await.expect("it is up")
    }

    fn request(&self, moment: Moment, person: &Person) -> Request<Body> {
        let own = Some(format!("Bearer {}", person.access));
        let admin = STANDARD.encode(format!("admin:{}", self.served.admin_token));
        let takedown = |applied: bool| {
            let input = json!({
                "subject": { "$type": "com.atproto.admin.defs#repoRef", "did": person.did },
                "takedown": { "applied": applied },
            });
            let basic = Some(format!("Basic {admin}"));
            post("com.atproto.admin.updateSubjectStatus", basic, &input)
        };
        match moment {
            Moment::Handle => {
                let input = json!({ "handle": person.wished });
                post("com.atproto.identity.updateHandle", own, &input)
            }
            Moment::Rest => post("com.atproto.server.deactivateAccount", own, &json!({})),
            Moment::Wake => post("com.atproto.server.activateAccount", own, &json!({})),
            Moment::TakeDown => takedown(true),
            Moment::Restore => takedown(false),
            Moment::Delete => {
                let input = json!({ "did": person.did, "password": person.password, "token": person.code });
                post("com.atproto.server.deleteAccount", None, &input)
            }
        }
    }

    /// Kills the service while a request of this step is held.
    pub(super) async fn die(
        &self,
        moment: Moment,
        person: &Person,
        at: At,
        part: &str,
        held: fn(Gate) -> Trouble,
    ) -> Gate {
        let front = match at {
            At::Host => self.served.hosts[0].front.as_ref().unwrap(),
            At::Directory => &self.served.directory_front,
        };
        let gate = front.hold(part, held);
        tokio::select! {
            reply = self.served.ask(self.request(moment, person)) => panic!("it was answered: {reply:?}"),
            () = gate.reached() => {}
        }
        self.served.kill().await;
        gate
    }

    /// Nobody holds a record for ever: that time has passed.
    pub(super) async fn let_go(&self, passed: &str) {
        let statement = format!("update account_change set {passed}");
        self.served.database.execute(&statement).await;
    }

    pub(super) async fn same_request_finishes(&self, moment: Moment, person: &Person) {
        let reply = self.ask(self.request(moment, person)).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
    }

    pub(super) async fn reconciler_finishes(&self, person: &Person) {
        let is_finished = async || self.store.changes_of(&person.did).await.unwrap().is_empty();
        self.served.until(is_finished).await;
    }

    /// Nothing is left that anybody would have to finish.
    pub(super) async fn assert_nothing_is_due(&self) {
        // whatever is kept at all would be due in a year
        let later = Clock::system().now() + entryway_oauth::time::Seconds::days(365);
        assert_eq!(self.store.due_changes(later, 100).await.unwrap(), Vec::new());
    }

    /// Directory, PDS and service agree that it happened.
    pub(super) async fn assert_agreed(&self, moment: Moment, person: &Person) {
        assert_eq!(self.store.changes_of(&person.did).await.unwrap(), Vec::new());
        let (status, there) = match moment {
            Moment::Handle => return self.assert_is_called(person, &person.wished).await,
            Moment::Delete => return self.assert_is_gone(person).await,
            Moment::Rest => (AccountStatus::Deactivated, (true, false)),
            Moment::TakeDown => (AccountStatus::TakenDown, (false, true)),
            Moment::Wake | Moment::Restore => (AccountStatus::Active, (false, false)),
        };
        let here = self.store.account(&person.did).await.unwrap().unwrap();
        assert_eq!(here.status, status);
        let SubjectStatus {
            is_taken_down,
            is_deactivated,
        } = self.subject(person).await.expect("it lives there");
        assert_eq!((is_deactivated, is_taken_down), there);
        let seen = self.ask(get_session(person)).await;
        match moment {
            Moment::Rest => assert_eq!(seen.member("status"), "deactivated"),
            Moment::Wake => assert_eq!(seen.json()["active"], true),
            // the session it had has ended with the takedown, for good
            _ => assert!(seen.code() >= 400, "{seen:?}"),
        }
        let signed_in = self.ask(sign_in(person, &person.handle)).await;
        let expected = if moment == Moment::TakeDown { 401 } else { 200 };
        assert_eq!(signed_in.code(), expected, "{signed_in:?}");
    }

    /// It has this handle everywhere, and no other.
    pub(super) async fn assert_is_called(&self, person: &Person, handle: &Handle) {
        let own = (person.did.clone(), handle.clone());
        assert!(self.served.hosts[0].pds.accounts().contains(&own));
        let last = self.served.directory.last(&person.did).unwrap();
        let name = format!("at://{handle}");
        assert_eq!(last.data().unwrap().also_known_as, [name.as_str()]);
        let seen = self.ask(get_session(person)).await;
        assert_eq!(seen.member("handle"), handle.as_str());
        assert_eq!(seen.json()["didDoc"]["alsoKnownAs"], json!([name]));
        for name in [&person.handle, &person.wished] {
            let owner = self.store.handle_owner(name).await.unwrap();
            assert_eq!(
                owner.map(|owner| owner.did),
                (name == handle).then(|| person.did.clone())
            );
        }
    }

    async fn assert_is_gone(&self, person: &Person) {
        assert_eq!(self.store.account(&person.did).await.unwrap(), None);
        assert_eq!(self.subject(person).await, None);
        assert_eq!(self.store.handle_owner(&person.handle).await.unwrap(), None);
        assert!(self.ask(get_session(person)).await.code() >= 400);
        // its DID is its person's
        let last = self.served.directory.last(&person.did).unwrap();
        assert!(last.data().is_some());
    }

    async fn subject(&self, person: &Person) -> Option<SubjectStatus> {
        let host = &self.served.hosts[0];
        let pds = PdsClient::new(
            HttpClient::new(ClientSettings::default()).unwrap(),
            host.url.clone(),
        );
        let admin = pds.as_admin(host.password.as_bytes());
        admin.subject_status(&person.did).await.unwrap()
    }
}

fn get_session(person: &Person) -> Request<Body> {
    Request::get("/xrpc/com.atproto.server.getSession")
        .header("authorization", format!("Bearer {}", person.access))
        .body(Body::empty())
        .unwrap()
}

fn sign_in(person: &Person, handle: &Handle) -> Request<Body> {
    let input = json!({ "identifier": handle, "password": person.password });
    post("com.atproto.server.createSession", None, &input)
}

fn post(method: &str, authorization: Option<String>, input: &Value) -> Request<Body> {
    let mut request = Request::post(format!("/xrpc/{method}")).header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    request.body(Body::from(input.to_string())).unwrap()
}
