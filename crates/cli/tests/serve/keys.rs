//! Keys over a database that has had others (C24).

use super::deployment::{Deployment, ROOT_KEY, Server};

pub(crate) const OTHER_ROOT_KEY: &str = "1f6b0c2d93e84a57b8c9d0e1f2031425364758697a8b9cadbecfd0e1f2031426";

fn public_keys(deployment: &Deployment, arguments: &[&str]) -> String {
    let mut server = Server::start(&mut deployment.command(arguments));
    let (_, keys) = server.get("/oauth/jwks");
    server.stop();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_keys_take_a_word_that_says_what_they_destroy() {
    let deployment = Deployment::new();
    let first = public_keys(&deployment, &["serve"]);
    deployment.add_host().await;
    deployment.write_root_key(OTHER_ROOT_KEY);
    let (status, _, said) = deployment.run(&["serve"]);
    assert_eq!(status, Some(1));
    for part in [
        "belongs to another root key",
        "serve --new-keys",
        "every session ends",
        "entryway pds env",
        "PLC rotation key",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    // nothing was changed by being refused
    deployment.write_root_key(ROOT_KEY);
    assert_eq!(public_keys(&deployment, &["serve"]), first);

    deployment.write_root_key(OTHER_ROOT_KEY);
    let second = public_keys(&deployment, &["serve", "--new-keys"]);
    assert_ne!(second, first);
    // a word that is left in a unit file makes no new ones each time
    assert_eq!(public_keys(&deployment, &["serve", "--new-keys"]), second);
    assert_eq!(public_keys(&deployment, &["serve"]), second);
}
