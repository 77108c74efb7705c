//! Codes sent by e-mail, whatever they are for (contract 2.4, A9, R-501).

use entryway_core::email_change::AddressWarrant;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_oauth::secret::Digest;
use entryway_store::{EmailConfirmation, EmailTokenKeeping};
use entryway_tests::{Engine, Mail, Reply, TestServer, World, at_once, both_engines};
use http::Request;
use serde_json::json;

use crate::scene::{
    CONFIRM_EMAIL, CREATE_APP_PASSWORD, REQUEST_ACCOUNT_DELETE, REQUEST_EMAIL_CONFIRMATION,
    REQUEST_EMAIL_UPDATE, REQUEST_PASSWORD_RESET, REQUEST_PLC_SIGNATURE, RESET_PASSWORD, SIGN_PLC_OPERATION,
    Session, UPDATE_EMAIL, code_of, lived_in, sign_in,
};
use crate::service_tokens::token::Signer;
use crate::xrpc::{Call, assert_refused, procedure};

both_engines!(
    a_code_does_what_it_is_for_once,
    of_sixty_four_who_present_one_code_one_counts,
    a_code_is_good_for_a_quarter_of_an_hour,
    a_code_for_something_else_of_another_account_or_of_before_is_none,
    a_letter_that_is_not_taken_leaves_the_code_before_it_good,
    an_account_without_an_address_is_told_so,
    letters_to_one_account_are_limited,
    letters_that_one_address_asks_for_are_limited,
    a_session_of_an_app_password_is_sent_nothing_and_changes_nothing,
    an_app_of_oauth_and_nobody_are_refused,
);

/// What a code can be for; the deletion of an account is tried elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Confirm,
    Update,
    Reset,
    Plc,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Confirm, Self::Update, Self::Reset, Self::Plc];

    fn ask(self, signer: &Signer) -> Call {
        let by_host = |nsid: &str| procedure(nsid).bearer(&signer.token(nsid));
        match self {
            Self::Confirm => by_host(REQUEST_EMAIL_CONFIRMATION),
            Self::Update => by_host(REQUEST_EMAIL_UPDATE),
            Self::Reset => procedure(REQUEST_PASSWORD_RESET).json(&json!({ "email": "Carol@mail.example " })),
            Self::Plc => by_host(REQUEST_PLC_SIGNATURE),
        }
    }

    fn present(self, signer: &Signer, code: &str) -> Call {
        self.present_as(signer, code, 0)
    }

    /// The same as one of several, each of whom wants something of their own.
    fn present_as(self, signer: &Signer, code: &str, number: usize) -> Call {
        let (nsid, body) = match self {
            Self::Confirm => (
                CONFIRM_EMAIL,
                json!({ "email": "carol@mail.example", "token": code }),
            ),
            Self::Update => (
                UPDATE_EMAIL,
                json!({ "email": format!("new{number}@mail.example"), "token": code }),
            ),
            Self::Reset => (
                RESET_PASSWORD,
                json!({ "token": code, "password": format!("password {number}") }),
            ),
            Self::Plc => (SIGN_PLC_OPERATION, json!({ "token": code })),
        };
        let call = procedure(nsid).json(&body);
        match self {
            Self::Reset => call,
            _ => call.bearer(&signer.token(nsid)),
        }
    }
}

/// carol, who reads her mail.
async fn settled(engine: Engine) -> Signer {
    let signer = Signer::settle(engine).await;
    confirm(&signer).await;
    signer
}

async fn confirm(signer: &Signer) {
    let (store, now) = (
        signer.world.server.app().store(),
        signer.world.server.clock().now(),
    );
    let (address, purpose, code) = (
        "carol@mail.example",
        EmailTokenPurpose::ConfirmEmail,
        Digest::of(b"carol"),
    );
    let kept = store
        .keep_email_token(&signer.did, purpose, code, address, now)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
    let address = address.to_owned().try_into().unwrap();
    let confirmed = store.confirm_email(&signer.did, &address, code, now).await;
    assert_eq!(confirmed.unwrap(), EmailConfirmation::Confirmed);
}

/// The code of a letter that is asked for now.
async fn sent(signer: &Signer, purpose: Purpose) -> String {
    let server = &signer.world.server;
    let before = server.letters().len();
    let asked = purpose.ask(signer).send(server).await;
    assert_eq!(asked.code(), 200, "{purpose:?} {asked:?}");
    let letter = server.letter(before + 1).await;
    assert_eq!(letter.to, "carol@mail.example");
    until_kept(signer).await;
    code_of(&letter)
}

/// A letter for which nobody waits is kept right after it was taken.
async fn until_kept(signer: &Signer) {
    signer.world.server.app().letters_are_sent().await;
}

#[track_caller]
fn assert_invalid(reply: &Reply, what: impl std::fmt::Debug) {
    assert_eq!(reply.code(), 400, "{what:?} {reply:?}");
    assert_refused(reply, 400, "InvalidToken", "Token is invalid");
}

// A9
async fn a_code_does_what_it_is_for_once(engine: Engine) {
    for purpose in Purpose::ALL {
        let signer = settled(engine).await;
        let server = &signer.world.server;
        let code = sent(&signer, purpose).await;
        // as people type it
        let typed = format!(" {} ", code.to_lowercase());
        let done = purpose.present(&signer, &typed).send(server).await;
        assert_eq!(done.code(), 200, "{purpose:?} {done:?}");
        let again = purpose.present(&signer, &code).send(server).await;
        assert_invalid(&again, purpose);
    }
}

// A9, R-494
async fn of_sixty_four_who_present_one_code_one_counts(engine: Engine) {
    for purpose in Purpose::ALL {
        let signer = settled(engine).await;
        let (server, other) = (&signer.world.server, signer.world.server.another_instance().await);
        let code = sent(&signer, purpose).await;
        let calls = (0..64).map(|n| {
            let instance = if n % 2 == 0 { server.clone() } else { other.clone() };
            let call = purpose.present_as(&signer, &code, n);
            async move { call.send(&instance).await }
        });
        let (done, refused): (Vec<_>, Vec<_>) = at_once(calls)
            .await
            .into_iter()
            .partition(|reply| reply.code() == 200);
        assert_eq!((done.len(), refused.len()), (1, 63), "{purpose:?}");
        for reply in refused {
            assert_invalid(&reply, purpose);
        }
    }
}

async fn a_code_is_good_for_a_quarter_of_an_hour(engine: Engine) {
    for purpose in Purpose::ALL {
        for (seconds, good) in [(901, false), (900, false), (899, true)] {
            let signer = settled(engine).await;
            let server = &signer.world.server;
            let code = sent(&signer, purpose).await;
            server.clock().advance(seconds);
            let reply = purpose.present(&signer, &code).send(server).await;
            if good {
                assert_eq!(reply.code(), 200, "{purpose:?} {reply:?}");
            } else {
                assert_refused(&reply, 400, "ExpiredToken", "Token is expired");
            }
        }
    }
}

async fn a_code_for_something_else_of_another_account_or_of_before_is_none(engine: Engine) {
    let signer = settled(engine).await;
    let server = &signer.world.server;
    let alice = signer.world.settle(&signer.world.hosts[0], "alice.test").await;
    let session = Session::begin(server, &alice).await;
    let mut others = Vec::new();
    for purpose in Purpose::ALL {
        others.push((purpose, sent(&signer, purpose).await));
    }
    for nsid in [
        REQUEST_EMAIL_CONFIRMATION,
        REQUEST_EMAIL_UPDATE,
        REQUEST_PLC_SIGNATURE,
    ] {
        let asked = procedure(nsid).bearer(&session.access).send(server).await;
        assert_eq!(asked.code(), 200, "{asked:?}");
    }
    let alices: Vec<String> = server
        .letters()
        .iter()
        .filter(|letter| letter.to.starts_with("alice"))
        .map(code_of)
        .collect();
    assert_eq!(alices.len(), 3);
    for purpose in Purpose::ALL {
        let now = sent(&signer, purpose).await;
        let wrong = ["AAAAA-AAAAA", "12345-67890", "x", "AAAAAAAAAAA"].map(str::to_owned);
        let long = "A".repeat(50_000);
        let codes = others
            .iter()
            .map(|(_, code)| code)
            .chain(&alices)
            .chain(&wrong)
            .chain([&long]);
        for code in codes {
            let reply = purpose.present(&signer, code).send(server).await;
            assert_invalid(&reply, (purpose, &code[..code.len().min(20)]));
        }
        // none of which has used up the right one
        let done = purpose.present(&signer, &now).send(server).await;
        assert_eq!(done.code(), 200, "{purpose:?} {done:?}");
        if purpose == Purpose::Update {
            // back to where the next letter goes
            let carol = "carol@mail.example".to_owned().try_into().unwrap();
            let (store, warrant) = (server.app().store(), AddressWarrant::Operator);
            let back = store.change_email(&signer.did, &carol, warrant, server.clock().now());
            back.await.unwrap();
        }
    }
}

// whoever waits is told, and who asked in a stranger's place is not
async fn a_letter_that_is_not_taken_leaves_the_code_before_it_good(engine: Engine) {
    for purpose in Purpose::ALL {
        let signer = settled(engine).await;
        let server = &signer.world.server;
        let code = sent(&signer, purpose).await;
        server.mail(Mail::Refused);
        let refused = signer.world.ask(purpose.ask(&signer).request()).await;
        if purpose == Purpose::Reset {
            assert_eq!((refused.code(), refused.text()), (200, ""));
            until_kept(&signer).await;
        } else {
            let text = "the letter could not be handed to the mail server, send the same request again later";
            assert_refused(&refused, 502, "UpstreamFailure", text);
        }
        let done = purpose.present(&signer, &code).send(server).await;
        assert_eq!(done.code(), 200, "{purpose:?} {done:?}");
    }
    // and the second try succeeds
    let signer = settled(engine).await;
    signer.world.server.mail(Mail::Refused);
    let refused = signer.world.ask(Purpose::Plc.ask(&signer).request()).await;
    assert_eq!(refused.code(), 502);
    signer.world.server.mail(Mail::Taken);
    sent(&signer, Purpose::Plc).await;
}

async fn an_account_without_an_address_is_told_so(engine: Engine) {
    let signer = settled(engine).await;
    let server = &signer.world.server;
    let remove = "update account set email = null, email_confirmed_at = null where handle = 'carol.test'";
    server.database().execute(remove).await;
    for nsid in [
        REQUEST_EMAIL_CONFIRMATION,
        REQUEST_PLC_SIGNATURE,
        REQUEST_ACCOUNT_DELETE,
    ] {
        let reply = procedure(nsid).bearer(&signer.token(nsid)).send(server).await;
        assert_refused(
            &reply,
            400,
            "InvalidRequest",
            "this account has no e-mail address",
        );
    }
    // its first address takes no code
    let reply = Purpose::Update.ask(&signer).send(server).await;
    assert_eq!(reply.json(), json!({ "tokenRequired": false }));
    assert_eq!(server.letters().len(), 0);
}

async fn limited(engine: Engine) -> Signer {
    let world = World::start_with(engine, 1, |config| config.limit_sign_ins = true).await;
    let pds_did = world.hosts[0].did.to_string();
    let signer = Signer::settle_on(world, &pds_did).await;
    confirm(&signer).await;
    signer
}

#[track_caller]
fn assert_limited(reply: &Reply) {
    assert_refused(reply, 429, "RateLimitExceeded", "Rate Limit Exceeded");
    assert_eq!(reply.header("retry-after"), Some("3600"));
}

// whatever they are for
async fn letters_to_one_account_are_limited(engine: Engine) {
    let signer = limited(engine).await;
    let server = &signer.world.server;
    for n in 0..10 {
        let purpose = [Purpose::Confirm, Purpose::Update, Purpose::Plc][n % 3];
        let from = server.seen_from(&format!("192.0.2.{n}"));
        assert_eq!(purpose.ask(&signer).send(&from).await.code(), 200);
    }
    for purpose in [Purpose::Confirm, Purpose::Update, Purpose::Plc] {
        assert_limited(&purpose.ask(&signer).send(server).await);
    }
    assert_eq!(server.letters().len(), 10);
    // attack: whoever knows the address asks for resets until there are none left, and the other way round
    for n in 0..10 {
        let from = server.seen_from(&format!("192.0.2.{n}"));
        assert_eq!(Purpose::Reset.ask(&signer).send(&from).await.code(), 200);
    }
    assert_limited(&Purpose::Reset.ask(&signer).send(server).await);
    server.letter(20).await;
}

// whether there are such accounts or not
async fn letters_that_one_address_asks_for_are_limited(engine: Engine) {
    let signer = limited(engine).await;
    let server = &signer.world.server;
    let ask = async |server: &TestServer, n: usize| {
        let body = json!({ "email": format!("person{n}@mail.example") });
        procedure(REQUEST_PASSWORD_RESET).json(&body).send(server).await
    };
    for n in 0..60 {
        let reply = ask(server, n).await;
        assert_eq!((reply.code(), reply.text()), (200, ""));
    }
    assert_limited(&ask(server, 60).await);
    assert_eq!(ask(&server.seen_from("192.0.2.1"), 60).await.code(), 200);
}

// A10, A11, R-482
async fn a_session_of_an_app_password_is_sent_nothing_and_changes_nothing(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let owner = Session::begin(server, &alice).await;
    for privileged in [false, true] {
        let input = json!({ "name": format!("{privileged}"), "privileged": privileged });
        let made = procedure(CREATE_APP_PASSWORD).bearer(&owner.access).json(&input);
        let password = made.send(server).await.member("password");
        let bot = Session::of(&sign_in(server, "alice.test", &password).await);
        for call in [
            procedure(REQUEST_EMAIL_CONFIRMATION),
            procedure(CONFIRM_EMAIL).json(&json!({ "email": "alice@mail.example", "token": "AAAAA-AAAAA" })),
            procedure(REQUEST_EMAIL_UPDATE),
            procedure(UPDATE_EMAIL).json(&json!({ "email": "x@mail.example" })),
            procedure(REQUEST_ACCOUNT_DELETE),
            procedure(REQUEST_PLC_SIGNATURE),
            procedure(SIGN_PLC_OPERATION).json(&json!({ "token": "AAAAA-AAAAA" })),
        ] {
            let reply = call.bearer(&bot.access).send(server).await;
            assert_refused(&reply, 400, "InvalidToken", "Bad token scope");
        }
    }
    assert_eq!(server.letters().len(), 0);
}

async fn an_app_of_oauth_and_nobody_are_refused(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let owner = Session::begin(server, &alice).await;
    let body = json!({ "email": "alice@mail.example", "token": "AAAAA-AAAAA" });
    for nsid in [
        REQUEST_EMAIL_CONFIRMATION,
        CONFIRM_EMAIL,
        REQUEST_EMAIL_UPDATE,
        UPDATE_EMAIL,
        REQUEST_ACCOUNT_DELETE,
        REQUEST_PLC_SIGNATURE,
        SIGN_PLC_OPERATION,
    ] {
        let reply = procedure(nsid).json(&body).send(server).await;
        assert_refused(&reply, 401, "AuthMissing", "Authentication Required");
        let dpop = procedure(nsid)
            .json(&body)
            .header("authorization", &format!("DPoP {}", owner.access));
        let text = "OAuth credentials are not supported for this endpoint";
        assert_refused(&dpop.send(server).await, 403, "Forbidden", text);
        let get = procedure(nsid).by("GET").bearer(&owner.access).send(server).await;
        assert_eq!(get.code(), 405, "{get:?}");
    }
    assert_eq!(server.letters().len(), 0);
    let other = Request::get("/xrpc/com.atproto.server.requestPasswordReset").body(axum::body::Body::empty());
    assert_eq!(server.send(other.unwrap()).await.code(), 405);
}
