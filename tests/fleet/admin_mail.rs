//! What administrators do about the address and the password of an account, and what they write to it (contract 2.2,
//! 2.4, 6.23).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entryway_core::account::PasswordHash;
use entryway_core::password::NewPassword;
use entryway_server::{Chance, Passwords};
use entryway_tests::{Engine, Mail, Reply, World, both_engines, secrets};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::scene::{CREATE_APP_PASSWORD, GET_SESSION, Session, code_of, refresh, sign_in};
use crate::service_tokens::token::Signer;
use crate::xrpc::{Call, assert_refused, procedure, query};

both_engines!(
    an_administrator_gives_an_account_another_address,
    an_administrator_gives_an_account_another_password_and_ends_its_sessions,
    the_password_of_a_pds_opens_its_own_accounts_and_no_others,
    a_pds_writes_to_an_account_in_its_own_name,
    an_administrator_writes_to_an_account,
    only_the_account_whose_key_signed_is_written_to,
    nobody_else_writes_or_changes_anything,
    each_field_of_another_address_missing_wrong_or_oversized_is_refused,
    each_field_of_another_password_missing_wrong_or_oversized_is_refused,
    each_field_of_a_letter_missing_wrong_or_oversized_is_refused,
);

const SEND: &str = "com.atproto.admin.sendEmail";
const EMAIL: &str = "com.atproto.admin.updateAccountEmail";
const PASSWORD: &str = "com.atproto.admin.updateAccountPassword";

const TOKEN: &str = "the token of an administrator";
const OPERATOR: &str = "did:web:mod.example";

/// The hash of [`TOKEN`], made once: hashing is slow.
async fn hash() -> PasswordHash {
    static HASH: OnceCell<PasswordHash> = OnceCell::const_new();
    let made = HASH.get_or_init(async || {
        let passwords = Passwords::new(Chance::system()).unwrap();
        passwords.hash(&NewPassword::parse(TOKEN).unwrap()).await.unwrap()
    });
    made.await.clone()
}

async fn administered(engine: Engine, hosts: usize) -> World {
    let hash = hash().await;
    World::start_with(engine, hosts, |config| config.admin_tokens = vec![hash]).await
}

fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("admin:{password}")))
}

fn by(password: &str, call: Call) -> Call {
    call.header("authorization", &basic(password))
}

async fn ask(world: &World, password: &str, nsid: &str, body: &Value) -> Reply {
    by(password, procedure(nsid)).json(body).send(&world.server).await
}

#[track_caller]
fn assert_done(reply: &Reply) {
    assert_eq!((reply.code(), reply.text()), (200, ""), "{reply:?}");
}

async fn an_administrator_gives_an_account_another_address(engine: Engine) {
    let world = administered(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    world.settle(&world.hosts[0], "bobby.test").await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    // a code that was sent to the former address is worth nothing after it
    let asked = procedure(crate::scene::REQUEST_EMAIL_UPDATE).bearer(&session.access);
    assert_eq!(asked.send(server).await.code(), 200);
    let code = code_of(&server.letter(1).await);
    for (named, email) in [
        (alice.handle.as_str(), "One@Mail.Example"),
        (alice.did.as_str(), "two@mail.example"),
        (alice.did.as_str(), "two@mail.example"),
    ] {
        let body = json!({ "account": named, "email": email });
        assert_done(&ask(&world, TOKEN, EMAIL, &body).await);
        let seen = query(GET_SESSION)
            .bearer(&session.access)
            .send(server)
            .await
            .json();
        let expected = (json!(email.to_lowercase()), json!(false));
        assert_eq!((seen["email"].clone(), seen["emailConfirmed"].clone()), expected);
    }
    let body = json!({ "email": "three@mail.example", "token": code });
    let late = procedure(crate::scene::UPDATE_EMAIL)
        .bearer(&session.access)
        .json(&body)
        .send(server)
        .await;
    assert_refused(&late, 400, "InvalidToken", "Token is invalid");
    let body = json!({ "account": alice.did, "email": "bobby@mail.example" });
    let taken = ask(&world, TOKEN, EMAIL, &body).await;
    assert_refused(
        &taken,
        400,
        "InvalidRequest",
        "email is in use by another account",
    );
    let body = json!({ "account": "nobody.test", "email": "x@mail.example" });
    assert_refused(
        &ask(&world, TOKEN, EMAIL, &body).await,
        400,
        "AccountNotFound",
        "account not found",
    );
}

//
async fn an_administrator_gives_an_account_another_password_and_ends_its_sessions(engine: Engine) {
    let world = administered(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let server = &world.server;
    let owner = Session::begin(server, &alice).await;
    let made = procedure(CREATE_APP_PASSWORD)
        .bearer(&owner.access)
        .json(&json!({ "name": "bot" }));
    let bot = made.send(server).await.member("password");
    let bot = Session::of(&sign_in(server, "alice.test", &bot).await);
    server.clock().advance(1);
    let new = "chosen by an operator";
    secrets::record(new);
    assert_done(
        &ask(
            &world,
            TOKEN,
            PASSWORD,
            &json!({ "did": alice.did, "password": new }),
        )
        .await,
    );
    for session in [owner, bot] {
        let refreshed = refresh(server, &session.refresh).await;
        assert_refused(&refreshed, 400, "ExpiredToken", "Token has been revoked");
    }
    assert_eq!(sign_in(server, "alice.test", &alice.password).await.code(), 401);
    Session::of(&sign_in(server, "alice.test", new).await);
    let body = json!({ "did": "did:plc:nobodynobodynobodynobody", "password": new });
    assert_refused(
        &ask(&world, TOKEN, PASSWORD, &body).await,
        400,
        "AccountNotFound",
        "account not found",
    );
}

// contract 6.23
async fn the_password_of_a_pds_opens_its_own_accounts_and_no_others(engine: Engine) {
    for is_administered in [true, false] {
        let world = if is_administered {
            administered(engine, 2).await
        } else {
            World::start(engine, 2).await
        };
        let [one, two] = [&world.hosts[0], &world.hosts[1]];
        let (alice, bob) = (
            world.settle(one, "alice.test").await,
            world.settle(two, "bobby.test").await,
        );
        let elsewhere = world
            .lodge(&"did:web:elsewhere.test".parse().unwrap(), "carol.test")
            .await;
        let email = |did: &entryway_scope::Did, email: &str| json!({ "account": did, "email": email });
        let password = |did: &entryway_scope::Did| json!({ "did": did, "password": "another password" });
        let message = |did: &entryway_scope::Did| json!({ "recipientDid": did, "senderDid": OPERATOR, "content": "Hello" });
        assert_done(
            &ask(
                &world,
                &one.password,
                EMAIL,
                &email(&alice.did, "new@mail.example"),
            )
            .await,
        );
        assert_done(&ask(&world, &one.password, PASSWORD, &password(&alice.did)).await);
        assert_done(&ask(&world, &two.password, PASSWORD, &password(&bob.did)).await);
        let sent = ask(&world, &two.password, SEND, &message(&bob.did)).await;
        assert_eq!(sent.json(), json!({ "sent": true }));
        for (host, did) in [(one, &bob.did), (two, &alice.did), (one, &elsewhere.did)] {
            for (nsid, body) in [
                (EMAIL, email(did, "x@mail.example")),
                (PASSWORD, password(did)),
                (SEND, message(did)),
            ] {
                let refused = ask(&world, &host.password, nsid, &body).await;
                assert_refused(&refused, 401, "AuthenticationRequired", "Authentication Required");
            }
        }
        // and an account that nobody has is no account of theirs
        let nobody = json!({ "account": "nobody.test", "email": "x@mail.example" });
        let refused = ask(&world, &one.password, EMAIL, &nobody).await;
        assert_refused(&refused, 401, "AuthenticationRequired", "Authentication Required");
    }
}

fn message(signer: &Signer) -> Value {
    json!({
        "recipientDid": signer.did, "senderDid": OPERATOR, "subject": "About a post",
        "content": "<p>Dear carol,</p><p>it was <b>hidden</b>.</p>", "comment": "case 7",
    })
}

// contract 2.2: signed by the key of the recipient
async fn a_pds_writes_to_an_account_in_its_own_name(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let call = procedure(SEND).json(&message(&signer));
    let token = signer.token(SEND);
    let sent = call.clone().bearer(&token).send(server).await;
    assert_eq!((sent.code(), sent.json()), (200, json!({ "sent": true })));
    let letter = server.letter(1).await;
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("carol@mail.example", "About a post")
    );
    assert!(
        letter.text.starts_with("Dear carol,\n\nit was hidden.\n"),
        "{}",
        letter.text
    );
    assert!(letter.html.contains("it was <b>hidden</b>."));
    let again = call.clone().bearer(&token).send(server).await;
    assert_eq!(again.code(), 401, "{again:?}");
    // whoever was taken down hears of it
    let statement = format!(
        "update account set status = 'taken_down' where did = '{}'",
        signer.did
    );
    server.database().execute(&statement).await;
    let sent = call.clone().bearer(&signer.token(SEND)).send(server).await;
    assert_eq!(sent.code(), 200, "{sent:?}");
    server.mail(Mail::Refused);
    let refused = signer.world.ask(call.bearer(&signer.token(SEND)).request()).await;
    let text = "the letter could not be handed to the mail server, send the same request again later";
    assert_refused(&refused, 502, "UpstreamFailure", text);
}

async fn an_administrator_writes_to_an_account(engine: Engine) {
    let world = administered(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let body =
        json!({ "recipientDid": alice.did, "senderDid": OPERATOR, "content": "One line\nand another" });
    let sent = ask(&world, TOKEN, SEND, &body).await;
    assert_eq!(sent.json(), json!({ "sent": true }));
    let letter = world.server.letter(1).await;
    assert_eq!(letter.subject, "About your account at localhost");
    assert!(letter.text.starts_with("One line\nand another\n"));
    let nobody =
        json!({ "recipientDid": "did:plc:nobodynobodynobodynobody", "senderDid": OPERATOR, "content": "x" });
    assert_refused(
        &ask(&world, TOKEN, SEND, &nobody).await,
        400,
        "AccountNotFound",
        "account not found",
    );
}

// attack: a PDS that writes to the accounts of another
async fn only_the_account_whose_key_signed_is_written_to(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let world = &signer.world;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let mut body = message(&signer);
    body["recipientDid"] = json!(alice.did);
    let refused = procedure(SEND)
        .json(&body)
        .bearer(&signer.token(SEND))
        .send(&world.server)
        .await;
    let text = "recipientDid must be the issuer of the service token";
    assert_refused(&refused, 400, "InvalidRequest", text);
    // for another method
    let refused = procedure(SEND)
        .json(&message(&signer))
        .bearer(&signer.token(GET_SESSION));
    assert_eq!(
        refused.send(&world.server).await.member("error"),
        "BadJwtLexiconMethod"
    );
    for nsid in [EMAIL, PASSWORD] {
        let body = json!({ "account": signer.did, "did": signer.did, "email": "x@mail.example", "password": "a password" });
        let refused = procedure(nsid)
            .json(&body)
            .bearer(&signer.token(nsid))
            .send(&world.server)
            .await;
        assert_refused(&refused, 401, "AuthenticationRequired", "Authentication Required");
    }
    assert_eq!(world.server.letters().len(), 0);
}

//
async fn nobody_else_writes_or_changes_anything(engine: Engine) {
    let world = administered(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    let body = json!({
        "account": alice.did, "did": alice.did, "email": "x@mail.example", "password": "another password",
        "recipientDid": alice.did, "senderDid": OPERATOR, "content": "x",
    });
    for nsid in [EMAIL, PASSWORD, SEND] {
        for wrong in ["not the token", &alice.password, ""] {
            let refused = ask(&world, wrong, nsid, &body).await;
            let is_none = nsid == SEND && wrong.is_empty();
            let expected = if is_none {
                (400, "InvalidToken")
            } else {
                (401, "AuthenticationRequired")
            };
            assert_eq!(
                (refused.code(), refused.member("error").as_str()),
                expected,
                "{nsid} {refused:?}"
            );
        }
        let refused = procedure(nsid)
            .json(&body)
            .bearer(&session.access)
            .send(server)
            .await;
        let expected = if nsid == SEND {
            (400, "InvalidToken")
        } else {
            (401, "AuthenticationRequired")
        };
        assert_eq!(
            (refused.code(), refused.member("error").as_str()),
            expected,
            "{refused:?}"
        );
        let refused = procedure(nsid).json(&body).send(server).await;
        assert_eq!(refused.code(), 401, "{refused:?}");
        assert_eq!(by(TOKEN, query(nsid)).send(server).await.code(), 405);
    }
    assert_eq!(server.letters().len(), 0);
    let seen = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_eq!(seen.json()["email"], "alice@mail.example");
}

/// Each of these is refused so by the method; alice is there.
async fn refused(world: &World, nsid: &str, cases: &[(Value, &str, &str)]) {
    for (body, name, text) in cases {
        let reply = ask(world, TOKEN, nsid, body).await;
        assert_refused(&reply, 400, name, text);
    }
    assert_eq!(world.server.letters().len(), 0);
}

async fn inhabited(engine: Engine) -> (World, String) {
    let world = administered(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    (world, alice.did.to_string())
}

const INVALID: &str = "InvalidRequest";

async fn each_field_of_another_address_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let (world, did) = inhabited(engine).await;
    let long = "a".repeat(70_000);
    let by_name = "account must be a handle or a DID";
    let no_address = "email must be an address such as name@example.com, of at most 254 characters";
    let (to, address) = ("x@mail.example", "alice@mail.example");
    let cases = [
        (json!({ "email": to }), INVALID, "account is required"),
        (
            json!({ "account": 1, "email": to }),
            INVALID,
            "account must be a string",
        ),
        (json!({ "account": address, "email": to }), INVALID, by_name),
        (json!({ "account": long, "email": to }), INVALID, by_name),
        (json!({ "account": did }), INVALID, "email is required"),
        (
            json!({ "account": did, "email": 1 }),
            INVALID,
            "email must be a string",
        ),
        (json!({ "account": did, "email": "x" }), INVALID, no_address),
        (json!({ "account": did, "email": long }), INVALID, no_address),
    ];
    refused(&world, EMAIL, &cases).await;
}

async fn each_field_of_another_password_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let (world, did) = inhabited(engine).await;
    let long = "a".repeat(70_000);
    let no_password = "password must be 8 to 256 characters";
    let to = "another password";
    let cases = [
        (json!({ "password": to }), INVALID, "did is required"),
        (
            json!({ "did": "alice.test", "password": to }),
            INVALID,
            "did must be a DID",
        ),
        (
            json!({ "did": [], "password": to }),
            INVALID,
            "did must be a string",
        ),
        (json!({ "did": did }), INVALID, "password is required"),
        (
            json!({ "did": did, "password": {} }),
            INVALID,
            "password must be a string",
        ),
        (
            json!({ "did": did, "password": "short" }),
            "InvalidPassword",
            no_password,
        ),
        (
            json!({ "did": did, "password": long }),
            "InvalidPassword",
            no_password,
        ),
    ];
    refused(&world, PASSWORD, &cases).await;
}

async fn each_field_of_a_letter_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let (world, did) = inhabited(engine).await;
    let long = "a".repeat(70_000);
    let whole = json!({ "recipientDid": did, "senderDid": OPERATOR, "content": "x" });
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    let no_line = "subject must be one line of at most 200 characters";
    let no_content = "content must be a text of at most 65536 bytes";
    let header = json!("a\r\nBcc: b@c.example");
    let cases = [
        (
            with("recipientDid", json!(null)),
            INVALID,
            "recipientDid is required",
        ),
        (
            with("recipientDid", json!("alice.test")),
            INVALID,
            "recipientDid must be a DID",
        ),
        (
            with("recipientDid", json!(1)),
            INVALID,
            "recipientDid must be a string",
        ),
        (with("senderDid", json!(null)), INVALID, "senderDid is required"),
        (with("senderDid", json!("x")), INVALID, "senderDid must be a DID"),
        (with("content", json!(null)), INVALID, "content is required"),
        (with("content", json!(" ")), INVALID, no_content),
        (with("content", json!(long)), INVALID, no_content),
        (with("content", json!(1)), INVALID, "content must be a string"),
        (with("subject", header), INVALID, no_line),
        (with("subject", json!(long)), INVALID, no_line),
        (with("subject", json!(1)), INVALID, "subject must be a string"),
        (with("comment", json!(1)), INVALID, "comment must be a string"),
    ];
    refused(&world, SEND, &cases).await;
}
