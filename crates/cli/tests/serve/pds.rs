//! The PDS hosts of a deployment, from the command line.

use std::process::{Command, Stdio};

use super::deployment::{Deployment, Server};
use super::host::{Environment, Host, PASSWORD};

/// A deployment with its schema, and a PDS that is not set up yet.
fn scene() -> (Deployment, Host) {
    let deployment = Deployment::new();
    assert_eq!(deployment.run(&["migrate"]).0, Some(0));
    let path = deployment.directory.path().join("password");
    std::fs::write(path, format!("{PASSWORD}\n")).unwrap();
    (deployment, Host::start())
}

fn add(deployment: &Deployment, url: &str) -> (Option<i32>, String, String) {
    let file = deployment.directory.path().join("password");
    deployment.run(&["pds", "add", url, "--password-file", file.to_str().unwrap()])
}

fn set_up(deployment: &Deployment, host: &Host) {
    let (status, block, said) = deployment.run(&["pds", "env", &host.url]);
    assert_eq!(status, Some(0), "{said}");
    host.set_up(&block);
}

#[test]
fn a_pds_is_added_listed_drained_and_removed() {
    let (deployment, host) = scene();
    let (status, said, told) = add(&deployment, &format!("{}/", host.url));
    assert_eq!(
        (status, said),
        (Some(0), format!("added: did:web:pds.test at {}\n", host.url)),
        "{told}"
    );
    assert!(told.contains(&format!("entryway pds env {}", host.url)), "{told}");
    let line = |state| format!("did:web:pds.test\t{}\t{state}\t0\n", host.url);
    assert_eq!(deployment.run(&["pds", "list"]).1, line("open"));
    assert_eq!(deployment.run(&["pds", "drain", &host.url]).0, Some(0));
    assert_eq!(deployment.run(&["pds", "list"]).1, line("draining"));
    assert_eq!(deployment.run(&["pds", "reopen", "did:web:pds.test"]).0, Some(0));
    assert_eq!(deployment.run(&["pds", "list"]).1, line("open"));

    // a second time it is its password that is given anew
    let (status, said, _) = add(&deployment, &host.url);
    assert_eq!(status, Some(0));
    assert!(
        said.starts_with("its password is replaced: did:web:pds.test"),
        "{said}"
    );

    assert_eq!(deployment.run(&["pds", "remove", &host.url]).0, Some(0));
    assert_eq!(deployment.run(&["pds", "list"]).1, "");
    assert_eq!(deployment.run(&["pds", "remove", &host.url]).0, Some(2));
}

#[test]
fn a_pds_where_accounts_live_stays() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    let password = deployment.directory.path().join("password");
    let password = password.to_str().unwrap();
    let account = "account add carol.test --did did:plc:ewvi7nxzyoun6zhxrhs64oiz --pds-did did:web:pds.test";
    let words: Vec<&str> = account.split(' ').chain(["--password-file", password]).collect();
    assert_eq!(deployment.run(&words).0, Some(0));
    let (status, _, said) = deployment.run(&["pds", "remove", &host.url]);
    assert_eq!(status, Some(1));
    assert!(said.contains("1 accounts live on"), "{said}");
    assert!(deployment.run(&["pds", "list"]).1.ends_with("\topen\t1\n"));
}

#[test]
fn a_password_that_is_not_the_administrators_is_not_kept() {
    let (deployment, host) = scene();
    host.environment.lock().unwrap().password = "another one".to_owned();
    let (status, _, said) = add(&deployment, &host.url);
    assert_eq!(status, Some(1));
    assert!(
        said.contains("PDS_ADMIN_PASSWORD") && !said.contains(PASSWORD),
        "{said}"
    );
    assert_eq!(deployment.run(&["pds", "list"]).1, "");
}

#[test]
fn what_is_no_pds_is_not_added() {
    let (deployment, _) = scene();
    let (status, _, said) = add(&deployment, "http://localhost:1");
    assert_eq!(status, Some(1));
    assert!(said.contains("is no PDS that can be asked"), "{said}");
    for url in ["pds.test", "https://pds.test/path", "http://pds.test"] {
        assert_eq!(add(&deployment, url).0, Some(2), "{url}");
    }
    // http takes a section [development], and a password a file, standard input or a terminal
    let run = deployment
        .command(&["pds", "add", "http://localhost:1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
}

// C7, E1
#[test]
fn the_environment_of_a_pds_is_told_in_its_own_words() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    let keys: serde_json::Value =
        serde_json::from_str(&deployment.run(&["keys", "show", "--json"]).1).unwrap();
    let (key, rotation) = (
        keys["token_key_hex"].as_str().unwrap(),
        keys["plc_rotation_key"].as_str().unwrap(),
    );
    assert_eq!(key.len(), 66);
    assert!(rotation.starts_with("did:key:zQ3sh"));
    let port = host.url.rsplit_once(':').unwrap().1;
    let before = format!(
        "# {} delegates its login to http://localhost:2583\nPDS_ENTRYWAY_URL=http://localhost:2583\n\
         PDS_ENTRYWAY_DID=did:web:localhost%3A2583\n",
        host.url
    );
    let after = format!(
        "PDS_SERVICE_HANDLE_DOMAINS=.test\nPDS_DID_PLC_URL=http://localhost:1\nPDS_HOSTNAME=localhost\n\
         PDS_PORT={port}\nPDS_SERVICE_DID=did:web:pds.test\nPDS_DEV_MODE=true\n"
    );
    for (dialect, own) in [
        (
            "reference",
            format!(
                "PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX={key}\nPDS_ENTRYWAY_PLC_ROTATION_KEY={rotation}\n"
            ),
        ),
        (
            "rsky",
            format!(
                "PDS_OAUTH_AUTHORIZATION_SERVER=http://localhost:2583\nPDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX={key}\n\
                 PDS_ENTRYWAY_PLC_ROTATION_KEY={rotation}\n"
            ),
        ),
        (
            "aurora-locus",
            format!(
                "PDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX={key}\n\
                 # and PDS_ENTRYWAY_ADMIN_TOKEN: a token whose hash is among [[admin]]\n"
            ),
        ),
    ] {
        let run = deployment.run(&["pds", "env", &host.url, "--dialect", dialect]);
        assert_eq!(
            run,
            (Some(0), format!("{before}{own}{after}"), String::new()),
            "{dialect}"
        );
    }
}

#[test]
fn a_pds_that_was_given_its_environment_is_sound() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    set_up(&deployment, &host);
    let (status, report, said) = deployment.run(&["pds", "check"]);
    assert_eq!(status, Some(0), "{report}{said}");
    for line in [
        "ok     is did:web:pds.test",
        "ok     sends apps to http://localhost:2583",
        "ok     knows its public URL",
        "ok     gives out handles under the same domains",
        "ok     believes tokens of this deployment, and not those of a stranger",
        "ok     knows this service as did:web:localhost%3A2583",
        "ok     takes the password that is kept for its administrator",
    ] {
        assert!(report.contains(line), "{line} is not in {report}");
    }
}

/// What an operator may have forgotten or mistyped, what is found of it, and what the cure names.
type Mistake = (fn(&mut Environment), &'static str, &'static str);

// C6: of what is set up wrongly nothing is said by the PDS itself
#[test]
fn each_thing_that_is_set_up_wrongly_is_found_with_its_cure() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    set_up(&deployment, &host);
    let sound = host.environment.lock().unwrap().clone();
    let mistakes: [Mistake; 13] = [
        (|it| it.login = None, "delegation is off", "PDS_ENTRYWAY_URL"),
        (
            |it| it.login = Some(it.resource.clone()),
            "is its own login: delegation is off",
            "PDS_ENTRYWAY_URL",
        ),
        (
            |it| it.login = Some("http://localhost:2583/".to_owned()),
            "sends apps elsewhere",
            "PDS_OAUTH_AUTHORIZATION_SERVER",
        ),
        (
            |it| it.resource = "https://pds.test".to_owned(),
            "takes itself for another resource",
            "PDS_HOSTNAME",
        ),
        (
            |it| it.did = "did:web:other.test".to_owned(),
            "and was added as did:web:pds.test",
            "PDS_SERVICE_DID=did:web:pds.test",
        ),
        (
            |it| it.domains = vec![".other.test".to_owned()],
            "takes handles under .other.test",
            "PDS_SERVICE_HANDLE_DOMAINS",
        ),
        (
            |it| it.key_hex = String::new(),
            "does not believe tokens of this deployment",
            "PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX",
        ),
        (
            |it| it.key_hex = "02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f".to_owned(),
            "does not believe tokens of this deployment",
            "PDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX",
        ),
        (
            |it| it.believes_everybody = true,
            "takes a token that a stranger signed",
            "STOP",
        ),
        (
            |it| it.entryway_did = "did:web:localhost".to_owned(),
            "does not take refresh tokens for did:web:localhost%3A2583",
            "PDS_ENTRYWAY_DID",
        ),
        (
            |it| it.password = "changed since".to_owned(),
            "does not take the password",
            "entryway pds add",
        ),
        (
            |it| it.reaches_us = false,
            "cannot pass a sign-in on",
            "start entryway serve",
        ),
        (
            |it| it.date = "Sun, 06 Nov 1994 08:49:37 GMT".to_owned(),
            "seconds behind the one here",
            "NTP",
        ),
    ];
    for (mistake, found, cure) in mistakes {
        let mut environment = sound.clone();
        mistake(&mut environment);
        *host.environment.lock().unwrap() = environment;
        let (status, report, _) = deployment.run(&["pds", "check", &host.url]);
        assert_eq!(status, Some(1), "{found}: {report}");
        let faults: Vec<&str> = report.split("FAULT  ").skip(1).collect();
        let [(at, cured)] = faults
            .iter()
            .filter_map(|fault| fault.split_once("cure: "))
            .filter(|(what, _)| what.contains(found))
            .collect::<Vec<_>>()[..]
        else {
            panic!("{found} is not in {report}");
        };
        assert!(cured.contains(cure), "{at}: {cured}");
    }
}

#[test]
fn the_rotation_key_of_a_pds_is_known_once_an_account_lives_there() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    set_up(&deployment, &host);
    let report = deployment.run(&["pds", "check"]).1;
    assert!(report.contains("?      has no account here"), "{report}");
    let password = deployment.directory.path().join("password");
    let password = password.to_str().unwrap();
    let account = "account add carol.test --did did:plc:ewvi7nxzyoun6zhxrhs64oiz --pds-did did:web:pds.test";
    let words: Vec<&str> = account.split(' ').chain(["--password-file", password]).collect();
    assert_eq!(deployment.run(&words).0, Some(0));
    let report = deployment.run(&["pds", "check"]).1;
    assert!(report.contains("ok     wants the PLC rotation key"), "{report}");
    host.environment.lock().unwrap().rotation_key = "did:key:zQ3sh".to_owned();
    let (status, report, _) = deployment.run(&["pds", "check"]);
    assert_eq!(status, Some(1));
    assert!(
        report.contains("FAULT  wants another PLC rotation key"),
        "{report}"
    );
}

#[test]
fn a_pds_that_is_down_is_told_so() {
    let (deployment, _) = scene();
    let (status, report, _) = deployment.run(&["pds", "check", "http://localhost:1"]);
    assert_eq!(status, Some(1));
    assert!(report.contains("FAULT  does not answer"), "{report}");
}

// on the database of a server that runs
#[test]
fn a_pds_is_added_while_the_server_runs() {
    let deployment = Deployment::new();
    let path = deployment.directory.path().join("password");
    std::fs::write(path, PASSWORD).unwrap();
    let server = Server::start(&mut deployment.command(&["serve"]));
    let host = Host::start();
    assert_eq!(add(&deployment, &host.url).0, Some(0));
    assert_eq!(server.get("/_ready").0, 200);
    // and what it signs with is what a PDS is told
    let block = deployment.run(&["pds", "env", &host.url]).1;
    host.set_up(&block);
    assert_eq!(deployment.run(&["pds", "check"]).0, Some(0));
}

#[test]
fn a_root_key_of_another_deployment_adds_nothing() {
    let (deployment, host) = scene();
    add(&deployment, &host.url);
    deployment.write_root_key(super::keys::OTHER_ROOT_KEY);
    for words in [["pds", "env"], ["pds", "check"]] {
        let (status, _, said) = deployment.run(&[words[0], words[1], &host.url]);
        assert_eq!(status, Some(1));
        assert!(said.contains("belongs to another root key"), "{said}");
    }
    assert_eq!(add(&deployment, &host.url).0, Some(1));
}

#[test]
fn the_data_directory_of_dev_has_a_fleet_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut dev = Command::new(env!("CARGO_BIN_EXE_entryway"));
    dev.args(["dev", "--port", "0", "--data-dir"])
        .arg(directory.path());
    let mut dev = dev.arg("--json").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let stdout = dev.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entryway"));
        let output = command
            .args(words)
            .arg("--data-dir")
            .arg(directory.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let listed = run(&["pds", "list"]);
    let shown = run(&["keys", "show"]);
    dev.kill().unwrap();
    dev.wait().unwrap();
    assert!(listed.1.ends_with("\topen\t2\n"), "{listed:?}");
    assert!(shown.1.contains("did:key:zQ3sh"), "{shown:?}");
}
