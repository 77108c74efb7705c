//! Starting and stopping.

use std::net::TcpStream;

use serde_json::{Value, json};

use super::deployment::{Deployment, ROOT_KEY, Server};

#[test]
fn a_deployment_serves_until_it_is_asked_to_stop() {
    let deployment = Deployment::new();
    let mut server = Server::start(&mut deployment.command(&["serve"]));
    assert_eq!(server.greeting["issuer"], "http://localhost:2583");
    assert_eq!(server.greeting["service_did"], "did:web:localhost%3A2583");
    assert_eq!(server.greeting["development"], true);
    let (status, metadata) = server.get("/.well-known/oauth-authorization-server");
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(
        (status, &metadata["issuer"]),
        (200, &json!("http://localhost:2583"))
    );
    assert_eq!(metadata["token_endpoint"], "http://localhost:2583/oauth/token");
    assert_eq!(server.get("/_health"), (200, "ok".to_owned()));
    // a connection that says nothing holds nobody up
    let _idle = TcpStream::connect(server.address()).unwrap();
    let (status, said) = server.stop();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("Never for other people's accounts"), "{said}");
    assert!(!said.contains(ROOT_KEY), "A1");
}

#[test]
fn variables_say_all_that_a_file_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_entryway"));
    command
        .env_clear()
        .args(["serve"])
        .env("ENTRYWAY_ISSUER", "http://localhost:2583")
        .env("ENTRYWAY_LISTEN", "127.0.0.1:0,127.0.0.1:0")
        .env("ENTRYWAY_PREFIX", "/api/atproto/oauth")
        .env("ENTRYWAY_ROOT_KEY", ROOT_KEY)
        .env("ENTRYWAY_DATABASE", directory.path().join("entryway.sqlite"))
        .env("ENTRYWAY_HANDLE_DOMAINS", ".test")
        .env("ENTRYWAY_DEVELOPMENT_RATE_LIMITS", "false")
        // what a container is told of a service of that name, and a slip
        .env("ENTRYWAY_PORT", "tcp://10.0.0.1:2583")
        .env("ENTRYWAY_ISUER", "https://login.my-domain.social");
    let mut server = Server::start(&mut command);
    assert_eq!(server.greeting["listening"].as_array().unwrap().len(), 2);
    let (_, metadata) = server.get("/.well-known/oauth-authorization-server");
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(
        metadata["token_endpoint"],
        "http://localhost:2583/api/atproto/oauth/token"
    );
    let (_, said) = server.stop();
    assert!(
        said.contains("ENTRYWAY_ISUER is no setting here and changes nothing"),
        "{said}"
    );
    assert!(!said.contains("ENTRYWAY_PORT"), "{said}");
}

// B8, C20, C21: all at once, before anything is opened
#[test]
fn a_bad_start_says_all_that_is_wrong_and_makes_nothing() {
    let deployment = Deployment::new();
    let bad = "issuer = 'https://login.example.com'\nroot_key = 'changeme'\ndatabase = 'entryway.sqlite'\n\
               handle_domains = ['.example.com']\nlisten = ['everywhere']\nsurplus = 1\n\
               [[admin]]\nname = 'operations'\ntoken_hash = '=19'\n[lifetimes]\naccess_token_seconds = 86400\n";
    std::fs::write(deployment.config(), bad).unwrap();
    let (status, _, said) = deployment.run(&["serve"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("7 settings missing or wrong\n"), "{said}");
    for field in [
        "issuer: must be an https origin of your own",
        "root_key: is still a placeholder",
        "handle_domains[0]: must be",
        "listen[0]: must be",
        "surplus: is no setting here",
        "admin[0].token_hash: does not begin with a dollar sign",
        "lifetimes.access_token_seconds: must be a whole number from 1 to 3600",
    ] {
        assert!(said.contains(&format!("\n  {field}")), "{field} is not in {said}");
    }
    assert!(!said.contains("changeme") && !said.contains("86400"));
    assert!(!deployment.directory.path().join("entryway.sqlite").exists());
}

#[test]
fn a_database_that_somebody_else_migrates_is_waited_for() {
    let deployment = Deployment::new();
    let mut command = deployment.command(&["serve"]);
    let output = command.env("ENTRYWAY_MIGRATIONS", "leave").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("run entryway migrate"), "{said}");
}

// several instances that start at once agree on one set of keys
#[test]
fn instances_on_one_database_start_together() {
    let deployment = Deployment::new();
    let starting: Vec<_> = (0..3)
        .map(|_| {
            let mut command = deployment.command(&["serve"]);
            std::thread::spawn(move || Server::start(&mut command))
        })
        .collect();
    let servers: Vec<Server> = starting.into_iter().map(|start| start.join().unwrap()).collect();
    let key_sets: Vec<_> = servers.iter().map(|server| server.get("/oauth/jwks")).collect();
    assert_eq!(key_sets[0].0, 200);
    assert!(key_sets.iter().all(|set| *set == key_sets[0]), "{key_sets:?}");
}
