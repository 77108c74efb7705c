//! What an instance says of itself.

use serde_json::{Value, json};

use super::deployment::{Deployment, Server};

fn readiness(server: &Server) -> (u16, Value) {
    let (status, body) = server.get("/_ready");
    (status, serde_json::from_str(&body).unwrap())
}

// C25
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_a_fleet_lives_and_is_not_ready() {
    let deployment = Deployment::new();
    let server = Server::start(&mut deployment.command(&["serve"]));
    assert_eq!(server.get("/_health").0, 200);
    let expected =
        json!({"ready": false, "database": "ok", "keys": "ok", "fleet": "empty", "instance": "ok"});
    assert_eq!(readiness(&server), (503, expected));
    deployment.add_host().await;
    let expected = json!({"ready": true, "database": "ok", "keys": "ok", "fleet": "ok", "instance": "ok"});
    assert_eq!(readiness(&server), (200, expected));
}

// C24: whoever signs with keys that were replaced is left out
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_keys_were_replaced_is_not_ready() {
    let deployment = Deployment::new();
    let before = Server::start(&mut deployment.command(&["serve"]));
    deployment.add_host().await;
    deployment.write_root_key(super::keys::OTHER_ROOT_KEY);
    let after = Server::start(&mut deployment.command(&["serve", "--new-keys"]));
    assert_eq!(readiness(&after).0, 200);
    let (status, told) = readiness(&before);
    assert_eq!((status, &told["keys"]), (503, &json!("replaced")));
}
