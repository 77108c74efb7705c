//! `entryway config`: settings without a server.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

#[path = "client/binary.rs"]
mod binary;

use std::path::Path;
use std::process::Command;

use binary::{entryway, success};
use serde_json::Value;

const EXAMPLE: &str = include_str!("../../../deploy/config.example.toml");
const ROOT_KEY: &str = "8d7a10c25fe94b36a1d2c3e4f50617289b0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4";

/// A directory with the example, its domains replaced, and what it names.
fn written(domain: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(directory.path().join(file), text).unwrap();
    write("config.toml", &EXAMPLE.replace("example.com", domain));
    write("root.key", ROOT_KEY);
    write("database.url", "entryway.sqlite");
    let hash = entryway_run(
        &["admin", "hash-token", "--only-hash"],
        "a token of some length\n",
    );
    write("admin.hash", &hash);
    write("feed.token", &format!("fee-{}", "0123456789abcdef".repeat(4)));
    directory
}

/// What a run with this input says.
fn entryway_run(arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_entryway"))
        .env_clear()
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

fn config(directory: &Path) -> String {
    directory.join("config.toml").display().to_string()
}

#[test]
fn a_file_of_ones_own_is_good_and_the_example_is_not() {
    let own = written("my-domain.social");
    let file = config(own.path());
    let run = entryway(["config", "check", "--config", &file]);
    assert_eq!(run, success(&format!("{file} is good\n")));

    let example = written("example.com");
    let file = config(example.path());
    let run = entryway(["config", "check", "--config", &file]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .starts_with(&format!("entryway: {file}: 3 settings missing or wrong\n")),
        "{}",
        run.stderr
    );
}

// C20: of every secret that is needed, in one go
#[test]
fn what_is_missing_is_told_at_once() {
    let run = entryway(["config", "check"]);
    assert_eq!(run.status, Some(1));
    for field in ["issuer", "root_key", "database", "handle_domains"] {
        assert!(
            run.stderr.contains(&format!("\n  {field}: ")),
            "{field}: {}",
            run.stderr
        );
    }
}

#[test]
fn the_schema_tells_each_setting_to_people_and_to_programs() {
    let told = entryway(["config", "schema"]).stdout;
    let json: Value = serde_json::from_str(&entryway(["config", "schema", "--json"]).stdout).unwrap();
    let fields = json.as_array().unwrap();
    assert!(fields.len() > 40);
    for field in fields {
        let name = field["name"].as_str().unwrap();
        assert!(told.contains(&format!("{name}\n    ")), "{name}");
        assert!(!field["description"].as_str().unwrap().is_empty());
    }
    let root_key = fields.iter().find(|field| field["name"] == "root_key").unwrap();
    assert_eq!(root_key["variable"], "ENTRYWAY_ROOT_KEY");
    assert_eq!(
        (&root_key["required"], &root_key["secret"]),
        (&true.into(), &true.into())
    );
}

// the same settings, however they are given
#[test]
fn a_file_that_is_spelt_as_variables_says_the_same() {
    let own = written("my-domain.social");
    let file = config(own.path());
    let spelt = entryway(["config", "env", "--config", &file]);
    assert_eq!(spelt.status, Some(0), "{}", spelt.stderr);
    assert!(
        spelt
            .stdout
            .contains("\nENTRYWAY_HANDLE_DOMAINS=.my-domain.social\n")
    );
    let variables = spelt.stdout.lines().filter_map(|line| line.split_once('='));
    let elsewhere = tempfile::tempdir().unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_entryway"))
        .env_clear()
        .args(["config", "check"])
        .envs(variables)
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    assert_eq!((checked.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_secret_that_stands_in_the_file_is_not_spelt() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path());
    let text = format!(
        "issuer = 'https://login.my-domain.social'\nroot_key = '{ROOT_KEY}'\n\
         database = 'postgres://entryway:vTz8m2Qx@db/entryway'\nhandle_domains = ['.my-domain.social']\n"
    );
    std::fs::write(&file, text).unwrap();
    let spelt = entryway(["config", "env", "--config", &file]);
    assert_eq!(spelt.status, Some(0));
    assert!(
        spelt.stdout.contains("# ENTRYWAY_ROOT_KEY is secret"),
        "{}",
        spelt.stdout
    );
    assert!(!spelt.stdout.contains(ROOT_KEY) && !spelt.stdout.contains("vTz8m2Qx"));
}

#[test]
fn without_a_file_every_variable_is_told() {
    let template = entryway(["config", "env"]).stdout;
    for line in [
        "\nENTRYWAY_ROOT_KEY_FILE=\n",
        "\n# ENTRYWAY_PREFIX=/oauth\n",
        "\n# ENTRYWAY_ADMIN_0_TOKEN_HASH_FILE=\n",
    ] {
        assert!(template.contains(line), "{line} is not in {template}");
    }
}
