//! The operator's word, given and taken back while a server runs on the database.

use std::fs;
use std::path::{Path, PathBuf};

use entryway_oauth::client_id::ClientId;
use entryway_store::{Logo, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::binary::{Run, entryway, success};
use crate::published::{LOGO, client};
use crate::site::{Page, Site};

/// A server's data directory with its database open, and an app.
struct Scene {
    directory: TempDir,
    store: Store,
    site: Site,
    client_id: String,
}

impl Scene {
    async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("entryway.sqlite");
        let store = Store::open(&format!("sqlite://{}", database.display()))
            .await
            .unwrap();
        let site = Site::plain();
        let client_id = site.url("/client-metadata.json");
        site.serve(
            "/client-metadata.json",
            Page::json(client(&client_id).to_string()),
        );
        Self {
            directory,
            store,
            site,
            client_id,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn client(&self, arguments: &[&str]) -> Run {
        let data_dir = self.path().to_str().unwrap();
        entryway([&["client"], arguments, &["--data-dir", data_dir]].concat())
    }

    fn trust(&self, arguments: &[&str]) -> Run {
        self.client(&[&["trust", &self.client_id], arguments].concat())
    }

    fn trusted(&self) -> String {
        self.client(&["trusted"]).stdout
    }

    fn publish(&self, member: &str, value: &str) {
        let mut document = client(&self.client_id);
        document[member] = json!(value);
        self.site
            .serve("/client-metadata.json", Page::json(document.to_string()));
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let file = self.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    }

    async fn logo(&self) -> Option<Logo> {
        let client_id = ClientId::parse(&self.client_id).unwrap();
        self.store.client_logo(&client_id).await.unwrap()
    }
}

fn picture() -> Logo {
    Logo {
        media_type: "image/png".to_owned(),
        bytes: LOGO.to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_trusted_listed_and_distrusted_beside_a_running_server() {
    let scene = Scene::set().await;
    let client_id = &scene.client_id;
    assert_eq!(scene.client(&["trusted"]), success("no client is trusted\n"));

    let run = scene.trust(&[]);
    let line = format!("{client_id} as Example App, without a logo\n");
    assert_eq!((run.status, run.stdout), (Some(0), format!("trusted: {line}")));
    // the warning about loopback, which is nothing to an operator who develops
    assert_eq!(run.stderr.lines().count(), 2);
    assert_eq!(scene.client(&["trusted"]), success(&line));

    let renamed = scene.trust(&["--name", "Other Name", "--first-party"]);
    assert_eq!(renamed.status, Some(0));
    let line = format!("{client_id} as Other Name, first-party, without a logo\n");
    assert_eq!(scene.trusted(), line);

    let distrusted = scene.client(&["distrust", client_id]);
    assert_eq!(distrusted, success(&format!("no longer trusted: {client_id}\n")));
    assert_eq!(scene.trusted(), "no client is trusted\n");
    let again = scene.client(&["distrust", client_id]);
    let expected = Run {
        status: Some(1),
        stdout: String::new(),
        stderr: format!(
            "entryway: {client_id} is not trusted, entryway client trusted lists the ones that are\n"
        ),
    };
    assert_eq!(again, expected);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_of_an_app_that_any_program_can_pose_as() {
    let scene = Scene::set().await;
    let note = "note: name and logo are shown, but consent is asked every time";
    for (redirect_uri, expected) in [
        ("https://app.test/callback", false),
        ("http://127.0.0.1/callback", true),
        ("http://[::1]/callback", true),
    ] {
        let mut document = client(&scene.client_id);
        if expected {
            document["application_type"] = json!("native");
        }
        document["redirect_uris"] = json!([redirect_uri]);
        scene
            .site
            .serve("/client-metadata.json", Page::json(document.to_string()));
        let run = scene.trust(&[]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(
            run.stderr.contains(note),
            expected,
            "{redirect_uri}: {}",
            run.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_comes_from_a_file_or_from_where_the_document_says() {
    let scene = Scene::set().await;
    let file = scene.file("logo.png", LOGO);
    let chosen = scene.trust(&["--logo", file.to_str().unwrap()]);
    assert_eq!(
        chosen.stdout,
        format!("trusted: {} as Example App, with a logo\n", scene.client_id)
    );
    assert_eq!(scene.logo().await, Some(picture()));

    scene.publish("logo_uri", &scene.site.url("/logo"));
    let none = scene.trust(&[]);
    assert!(
        none.stderr
            .contains("warning  logo_uri answered with status 404 instead of 200"),
        "{}",
        none.stderr
    );
    assert_eq!(
        none.stdout,
        format!("trusted: {} as Example App, without a logo\n", scene.client_id)
    );
    assert_eq!(scene.logo().await, None);

    let page = Page::new("200 OK", "content-type: image/png", LOGO);
    scene.site.serve("/logo", page);
    let fetched = scene.trust(&[]);
    assert_eq!(
        fetched.stdout,
        format!("trusted: {} as Example App, with a logo\n", scene.client_id)
    );
    assert_eq!(scene.logo().await, Some(picture()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_with_errors_is_not_trusted() {
    let scene = Scene::set().await;
    scene.publish("scope", "transition:email");
    let run = scene.trust(&[]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "error    scope must include atproto");
    assert_eq!(
        lines.last(),
        Some(&"entryway: the app is not trusted as long as there are errors")
    );
    assert_eq!(scene.trusted(), "no client is trusted\n");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_shown_is_refused() {
    let scene = Scene::set().await;
    let long = "x".repeat(101);
    for name in [
        "",
        "  ",
        "Ex\u{202e}ample",
        "Ex\u{1b}[31mample",
        "Ex\nample",
        &long,
    ] {
        let run = scene.trust(&["--name", name]);
        let refusal = "entryway: --name needs 1 to 100 visible characters, such as \"Example App\"";
        assert_eq!((run.status, run.stderr.lines().last()), (Some(2), Some(refusal)));
    }
    scene.publish("client_name", "");
    let run = scene.trust(&[]);
    let refusal = "entryway: --name NAME is required, since the document has no client_name to show";
    assert_eq!((run.status, run.stderr.lines().last()), (Some(2), Some(refusal)));
    assert_eq!(scene.trusted(), "no client is trusted\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_named_by_its_url_too() {
    let scene = Scene::set().await;
    scene.trust(&[]);
    let url = format!("sqlite://{}", scene.path().join("entryway.sqlite").display());
    let listed = entryway(["client", "trusted", "--database", &url]);
    assert_eq!(listed, success(&scene.trusted()));
    let nowhere = format!("sqlite://{}?mode=rw", scene.path().join("other.sqlite").display());
    let run = entryway(["client", "trusted", "--database", &nowhere]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
}
