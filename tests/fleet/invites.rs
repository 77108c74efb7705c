//! Invite codes (contract 2.4; A3, A4).

use entryway_core::account::PasswordHash;
use entryway_core::password::NewPassword;
use entryway_server::{Chance, Passwords};
use entryway_tests::{Engine, World, both_engines};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::xrpc::{Call, assert_refused, procedure, query};

both_engines!(
    an_administrator_makes_a_code_for_somebody_or_nobody,
    codes_are_made_for_several_accounts_at_once,
    an_account_sees_its_own_codes_and_who_used_them,
    codes_are_withdrawn_one_by_one_or_all_of_an_account,
    everybodys_codes_are_listed_a_page_at_a_time,
    nobody_but_an_administrator_makes_lists_or_withdraws_codes,
    each_field_missing_wrong_or_oversized_is_refused,
);

const CREATE: &str = "com.atproto.server.createInviteCode";
const CREATE_SEVERAL: &str = "com.atproto.server.createInviteCodes";
const OF_ACCOUNT: &str = "com.atproto.server.getAccountInviteCodes";
const DISABLE: &str = "com.atproto.admin.disableInviteCodes";
const LIST: &str = "com.atproto.admin.getInviteCodes";

/// `admin:` and the token, in base64.
const BASIC: &str = "Basic YWRtaW46dGhlIHRva2VuIG9mIGFuIGFkbWluaXN0cmF0b3I=";
const TOKEN: &str = "the token of an administrator";

/// The hash of [`TOKEN`], made once: hashing is slow.
pub(crate) async fn hash() -> PasswordHash {
    static HASH: OnceCell<PasswordHash> = OnceCell::const_new();
    let made = HASH.get_or_init(async || {
        let passwords = Passwords::new(Chance::system()).unwrap();
        passwords.hash(&NewPassword::parse(TOKEN).unwrap()).await.unwrap()
    });
    made.await.clone()
}

pub(crate) async fn administered(engine: Engine) -> World {
    let hash = hash().await;
    World::start_with(engine, 1, |config| config.admin_tokens = vec![hash]).await
}

pub(crate) fn by_admin(call: Call) -> Call {
    call.header("authorization", BASIC)
}

async fn made(world: &World, input: &Value) -> String {
    let reply = by_admin(procedure(CREATE)).json(input).send(&world.server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    reply.member("code")
}

async fn of_account(world: &World, access: &str, parameters: &str) -> Value {
    let call = query(&format!("{OF_ACCOUNT}{parameters}")).bearer(access);
    let reply = call.send(&world.server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    reply.json()["codes"].clone()
}

async fn an_administrator_makes_a_code_for_somebody_or_nobody(engine: Engine) {
    let world = administered(engine).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let session = world.sign_in(&alice).await;
    let code = made(&world, &json!({ "useCount": 3, "forAccount": alice.did })).await;
    assert!(code.starts_with("localhost-"), "{code}");
    let nobodys = made(&world, &json!({ "useCount": 1 })).await;
    assert_ne!(code, nobodys);
    let told = of_account(&world, &session.access, "").await;
    let created_at = told[0]["createdAt"].clone();
    assert_eq!(
        created_at.as_str().map(str::len),
        Some("2026-08-20T10:00:00.000Z".len())
    );
    let expected = json!([{
        "code": code, "available": 3, "disabled": false, "forAccount": alice.did, "createdBy": "admin",
        "createdAt": created_at, "uses": [],
    }]);
    assert_eq!(told, expected);
}

async fn codes_are_made_for_several_accounts_at_once(engine: Engine) {
    let world = administered(engine).await;
    let accounts = [
        "did:plc:alicealicealicealicealic",
        "did:plc:bobbobbobbobbobbobbobbob",
    ];
    let input = json!({ "codeCount": 2, "useCount": 1, "forAccounts": accounts });
    let reply = by_admin(procedure(CREATE_SEVERAL))
        .json(&input)
        .send(&world.server)
        .await;
    let codes = reply.json()["codes"].clone();
    for (index, account) in accounts.iter().enumerate() {
        assert_eq!(codes[index]["account"], *account);
        assert_eq!(codes[index]["codes"].as_array().unwrap().len(), 2);
    }
    let reply = by_admin(procedure(CREATE_SEVERAL)).json(&json!({ "useCount": 1 }));
    let codes = reply.send(&world.server).await.json()["codes"].clone();
    assert_eq!(
        (codes[0]["account"].as_str(), codes.as_array().unwrap().len()),
        (Some("admin"), 1)
    );

    let input = json!({ "codeCount": 100, "useCount": 1, "forAccounts": vec![accounts[0]; 11] });
    let reply = by_admin(procedure(CREATE_SEVERAL))
        .json(&input)
        .send(&world.server)
        .await;
    let text = "codeCount for each of forAccounts must be 1000 altogether at most";
    assert_refused(&reply, 400, "InvalidRequest", text);
}

async fn an_account_sees_its_own_codes_and_who_used_them(engine: Engine) {
    let world = administered(engine).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let bob = world.settle(&world.hosts[0], "bobby.test").await;
    let (session, other) = (world.sign_in(&alice).await, world.sign_in(&bob).await);
    let code = made(&world, &json!({ "useCount": 1, "forAccount": alice.did })).await;
    let fresh = made(&world, &json!({ "useCount": 2, "forAccount": alice.did })).await;
    let used = "update invite_code set used = uses_max where code = ";
    world.server.database().execute(&format!("{used}'{code}'")).await;
    let used = "insert into invite_use (code, used_by, used_at) values ";
    let who = format!("{used}('{code}', '{}', 1700000000)", bob.did);
    world.server.database().execute(&who).await;

    let all = of_account(&world, &session.access, "?includeUsed=true&createAvailable=true").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let told = all
        .as_array()
        .unwrap()
        .iter()
        .find(|told| told["code"] == code)
        .unwrap();
    let told_of_it = json!([{ "usedBy": bob.did, "usedAt": "2023-11-14T22:13:20.000Z" }]);
    assert_eq!(told["uses"], told_of_it);
    let unused = of_account(&world, &session.access, "?includeUsed=false").await;
    assert_eq!(
        (unused[0]["code"].as_str(), unused.as_array().unwrap().len()),
        (Some(fresh.as_str()), 1)
    );
    assert_eq!(of_account(&world, &other.access, "").await, json!([]));
    let call = query(&format!("{OF_ACCOUNT}?includeUsed=yes")).bearer(&session.access);
    let reply = call.send(&world.server).await;
    assert_refused(&reply, 400, "InvalidRequest", "includeUsed must be true or false");
}

async fn codes_are_withdrawn_one_by_one_or_all_of_an_account(engine: Engine) {
    let world = administered(engine).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let session = world.sign_in(&alice).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(made(&world, &json!({ "useCount": 1, "forAccount": alice.did })).await);
    }
    let disabled = async || {
        let told = of_account(&world, &session.access, "").await;
        let told = told.as_array().unwrap().clone();
        told.iter().filter(|told| told["disabled"] == true).count()
    };
    let disable = async |input: Value| {
        let reply = by_admin(procedure(DISABLE))
            .json(&input)
            .send(&world.server)
            .await;
        (reply.code(), reply.text().to_owned())
    };
    let unknown = "localhost-aaaaa-aaaaa";
    assert_eq!(
        disable(json!({ "codes": [codes[0], unknown] })).await,
        (200, String::new())
    );
    assert_eq!(disabled().await, 1);
    assert_eq!(disable(json!({ "accounts": [alice.did] })).await.0, 200);
    assert_eq!(disabled().await, 3);
    assert_eq!(disable(json!({})).await.0, 200);
}

async fn everybodys_codes_are_listed_a_page_at_a_time(engine: Engine) {
    let world = administered(engine).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(made(&world, &json!({ "useCount": 1 })).await);
        world.server.clock().advance(1);
    }
    let page = async |parameters: &str| {
        let call = by_admin(query(&format!("{LIST}{parameters}")));
        call.send(&world.server).await.json()
    };
    let names = |page: &Value| -> Vec<String> {
        let told = page["codes"].as_array().unwrap().iter();
        told.map(|told| told["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page("?sort=recent&limit=2").await;
    assert_eq!(names(&first), [codes[2].clone(), codes[1].clone()]);
    let cursor = first["cursor"].as_str().unwrap();
    let second = page(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(names(&second), [codes[0].clone()]);
    assert_eq!(second["cursor"], Value::Null);
    assert_eq!(names(&page("").await).len(), 3);
    for (parameters, text) in [
        ("?sort=usage", "sort must be recent"),
        ("?limit=0", "limit must be 1 to 500"),
        ("?limit=501", "limit must be 1 to 500"),
        ("?limit=x", "limit must be 1 to 500"),
        ("?cursor=x", "cursor must be the one of an answer"),
        ("?limit=1&limit=2", "each parameter must be there once"),
    ] {
        let reply = by_admin(query(&format!("{LIST}{parameters}")))
            .send(&world.server)
            .await;
        assert_refused(&reply, 400, "InvalidRequest", text);
    }
}

// A3, A4, contract 6.23: the password of a PDS is none of ours
async fn nobody_but_an_administrator_makes_lists_or_withdraws_codes(engine: Engine) {
    let world = administered(engine).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let session = world.sign_in(&alice).await;
    let stranger = World::start(engine, 0).await;
    let calls = || {
        [
            procedure(CREATE).json(&json!({ "useCount": 1 })),
            procedure(CREATE_SEVERAL).json(&json!({ "useCount": 1 })),
            procedure(DISABLE).json(&json!({})),
            query(LIST),
        ]
    };
    let bearer = format!("Bearer {}", session.access);
    let wrong = [
        "",
        "Basic YWRtaW46d3Jvbmc=",
        "Basic cm9vdDp0b2tlbg==",
        bearer.as_str(),
    ];
    for authorization in wrong {
        for call in calls() {
            let call = match authorization {
                "" => call,
                some => call.header("authorization", some),
            };
            let reply = call.send(&world.server).await;
            assert_refused(&reply, 401, "AuthenticationRequired", "Authentication Required");
        }
    }
    // no token is configured
    for call in calls() {
        let reply = by_admin(call).send(&stranger.server).await;
        assert_refused(&reply, 401, "AuthenticationRequired", "Authentication Required");
    }
    let reply = query(OF_ACCOUNT).send(&world.server).await;
    assert_refused(&reply, 401, "AuthMissing", "Authentication Required");
}

async fn each_field_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let world = administered(engine).await;
    let bad_code = "inviteCode is missing, unknown, used up or disabled";
    let by_did = "an account must be named by its DID, or as admin";
    let many = vec!["localhost-aaaaa-aaaaa"; 1001];
    for (method, input, name, text) in [
        (CREATE, json!({}), "InvalidRequest", "useCount is required"),
        (
            CREATE,
            json!({ "useCount": "1" }),
            "InvalidRequest",
            "useCount must be an integer",
        ),
        (
            CREATE,
            json!({ "useCount": 0 }),
            "InvalidRequest",
            "useCount must be 1 to 10000",
        ),
        (
            CREATE,
            json!({ "useCount": 10_001 }),
            "InvalidRequest",
            "useCount must be 1 to 10000",
        ),
        (
            CREATE,
            json!({ "useCount": 1, "forAccount": 1 }),
            "InvalidRequest",
            "forAccount must be a string",
        ),
        (
            CREATE,
            json!({ "useCount": 1, "forAccount": "alice.test" }),
            "InvalidRequest",
            by_did,
        ),
        (
            CREATE_SEVERAL,
            json!({ "codeCount": 1 }),
            "InvalidRequest",
            "useCount is required",
        ),
        (
            CREATE_SEVERAL,
            json!({ "codeCount": 0, "useCount": 1 }),
            "InvalidRequest",
            "codeCount must be 1 to 100",
        ),
        (
            CREATE_SEVERAL,
            json!({ "codeCount": 101, "useCount": 1 }),
            "InvalidRequest",
            "codeCount must be 1 to 100",
        ),
        (
            CREATE_SEVERAL,
            json!({ "useCount": 1, "forAccounts": "a" }),
            "InvalidRequest",
            "forAccounts must be an array of strings",
        ),
        (
            CREATE_SEVERAL,
            json!({ "useCount": 1, "forAccounts": many }),
            "InvalidRequest",
            "forAccounts must have 1000 members at most",
        ),
        (
            DISABLE,
            json!({ "codes": [1] }),
            "InvalidRequest",
            "codes must be an array of strings",
        ),
        (DISABLE, json!({ "codes": ["x"] }), "InvalidInviteCode", bad_code),
        (
            DISABLE,
            json!({ "codes": many }),
            "InvalidRequest",
            "codes must have 1000 members at most",
        ),
        (DISABLE, json!({ "accounts": ["x"] }), "InvalidRequest", by_did),
    ] {
        let reply = by_admin(procedure(method)).json(&input).send(&world.server).await;
        assert_refused(&reply, 400, name, text);
    }
}
