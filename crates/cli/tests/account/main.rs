//! `entryway account` as an operator meets it, while a server runs on the database.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

#[path = "../client/binary.rs"]
mod binary;
mod change;
mod passwords;
mod screen;
mod terminal;
mod unfinished;

use std::fs;
use std::path::PathBuf;

use entryway_core::account::{Account, AccountStatus, Identifier};
use entryway_core::password::PresentedPassword;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};
use entryway_server::{Chance, Passwords};
use entryway_store::Store;
use tempfile::TempDir;

use binary::{Run, entryway, success};

const CAROL: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const DAN: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";
const PDS: &str = "did:web:pds.example.com";
const PASSWORD: &str = "carol's own password";

/// A server's data directory with its database open, and a file with a password.
struct Scene {
    directory: TempDir,
    store: Store,
}

impl Scene {
    async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("entryway.sqlite");
        let store = Store::open(&format!("sqlite://{}", database.display()))
            .await
            .unwrap();
        let scene = Self { directory, store };
        fs::write(scene.password_file(), format!("{PASSWORD}\n")).unwrap();
        scene
    }

    fn data_dir(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    fn password_file(&self) -> PathBuf {
        self.directory.path().join("password")
    }

    /// Arguments that add an account, but for the password.
    fn adding<'a>(&'a self, handle: &'a str, did: &'a str) -> Vec<&'a str> {
        let data_dir = self.data_dir();
        vec![
            "account",
            "add",
            handle,
            "--did",
            did,
            "--pds-did",
            PDS,
            "--data-dir",
            data_dir,
        ]
    }

    fn add(&self, handle: &str, did: &str, more: &[&str]) -> Run {
        let file = self.password_file();
        let password = ["--password-file", file.to_str().unwrap()];
        entryway([&self.adding(handle, did)[..], &password, more].concat())
    }

    fn list(&self) -> Run {
        entryway(["account", "list", "--data-dir", self.data_dir()])
    }

    /// The account that somebody signs in to who types this, and whether the password is theirs.
    async fn sign_in(&self, typed: &str, password: &str) -> Option<(Account, bool)> {
        let identifier = Identifier::parse(typed).unwrap();
        let (account, hash) = self.store.account_for_sign_in(&identifier).await.unwrap()?;
        let passwords = Passwords::new(Chance::system()).unwrap();
        let password = PresentedPassword::parse(password).unwrap();
        let matches = passwords.matches(&password, &hash).await.unwrap();
        Some((account, matches))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_added_signs_in_by_each_of_its_names() {
    let scene = Scene::set().await;
    let added = scene.add("Carol.test", CAROL, &["--email", "Carol@example.com"]);
    let line = format!("carol.test\t{CAROL}\t{PDS}\tcarol@example.com\n");
    assert_eq!(added, success(&line));
    let carol = Account {
        did: Did::parse(CAROL).unwrap(),
        handle: Handle::parse("carol.test").unwrap(),
        email: Some("carol@example.com".to_owned()),
        email_confirmed_at: None,
        email_auth_factor: false,
        pds_did: PDS.to_owned(),
        status: AccountStatus::Active,
        credentials_changed_at: Timestamp::from_seconds(0),
    };
    for typed in ["carol.test", CAROL, "carol@example.com"] {
        assert_eq!(
            scene.sign_in(typed, PASSWORD).await,
            Some((carol.clone(), true)),
            "{typed}"
        );
    }
    assert_eq!(
        scene.sign_in("carol.test", "another password").await,
        Some((carol, false))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_account_has_is_refused_by_its_kind() {
    let scene = Scene::set().await;
    scene.add("carol.test", CAROL, &["--email", "carol@example.com"]);
    let before = scene.list();
    for (handle, did, email, expected) in [
        (
            "dan.test",
            CAROL,
            "dan@example.com",
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz has an account already",
        ),
        (
            "CAROL.test",
            DAN,
            "dan@example.com",
            "carol.test is the handle of another account",
        ),
        (
            "dan.test",
            DAN,
            "CAROL@example.com",
            "--email is the address of another account",
        ),
    ] {
        let refused = Run {
            status: Some(1),
            stdout: String::new(),
            stderr: format!("entryway: {expected}\n"),
        };
        assert_eq!(scene.add(handle, did, &["--email", email]), refused);
    }
    assert_eq!(scene.list(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_by_handle_from_any_database() {
    let scene = Scene::set().await;
    let none = Run {
        stderr: "entryway: there are no accounts\n".to_owned(),
        ..success("")
    };
    assert_eq!(scene.list(), none);
    scene.add("dan.test", DAN, &[]);
    scene.add("carol.test", CAROL, &["--email", "carol@example.com"]);
    let lines = format!("carol.test\t{CAROL}\t{PDS}\tcarol@example.com\ndan.test\t{DAN}\t{PDS}\t-\n");
    assert_eq!(scene.list(), success(&lines));
    let url = format!("sqlite://{}/entryway.sqlite", scene.data_dir());
    assert_eq!(entryway(["account", "list", "--database", &url]), success(&lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_account_is_refused_with_what_is_one() {
    let scene = Scene::set().await;
    let handle =
        "'<HANDLE>': expected a handle: a domain name of at least two labels, such as alice.example.com";
    let method = "expected a DID of the method did:plc or did:web";
    let host = "expected did:web: followed by a host name, without path, and with a port only on localhost";
    for (name, did, pds_did, email, expected) in [
        ("carol", CAROL, PDS, "c@example.com", handle.to_owned()),
        (
            "carol.test",
            "did:key:zQ3sh",
            PDS,
            "c@example.com",
            format!("'--did <DID>': {method}"),
        ),
        (
            "carol.test",
            CAROL,
            "https://pds.example.com",
            "c@example.com",
            format!("'--pds-did <DID>': {method}"),
        ),
        (
            "carol.test",
            CAROL,
            "did:web:pds.example.com:x",
            "c@example.com",
            format!("'--pds-did <DID>': {host}"),
        ),
        (
            "carol.test",
            CAROL,
            PDS,
            "carol.test",
            "'--email <ADDRESS>': expected an e-mail address such as carol@example.com".to_owned(),
        ),
    ] {
        let arguments = ["--did", did, "--pds-did", pds_did, "--email", email];
        let data_dir = ["--password-stdin", "--data-dir", scene.data_dir()];
        let run = entryway([&["account", "add", name][..], &arguments, &data_dir].concat());
        let said = run.stderr.lines().next().unwrap_or_default();
        let said = said.split_once("' for ").map(|(_, said)| said);
        assert_eq!((run.status, said), (Some(2), Some(expected.as_str())));
    }
    let run = entryway([
        "account",
        "add",
        "carol.test",
        "--did",
        CAROL,
        "--pds-did",
        PDS,
        "--data-dir",
        "/nowhere",
    ]);
    let said =
        "entryway: --data-dir /nowhere: expected a directory that entryway dev --data-dir was run with\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), said));
    assert_eq!(scene.list().stdout, "");
}
