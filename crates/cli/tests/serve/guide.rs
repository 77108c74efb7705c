//! The operator's guide, as somebody follows it (C31).

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::host::{Host, PASSWORD};

const GUIDE: &str = include_str!("../../../../deploy/README.md");

/// The blocks that are marked so, in their order.
fn script(mark: &str) -> String {
    let mut blocks = Vec::new();
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{mark}") {
            blocks.extend(lines.by_ref().take_while(|line| *line != "```"));
        }
    }
    assert!(blocks.len() > 5, "{mark}");
    blocks.join("\n")
}

fn is_there(program: &str) -> bool {
    let there = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    there.is_ok_and(|output| output.status.success())
}

#[test]
fn the_guide_leads_from_nothing_to_a_pds_that_delegates() {
    for program in ["bash", "curl", "openssl"] {
        if !is_there(program) {
            eprintln!("skipped: the guide needs {program}");
            return;
        }
    }
    let (directory, host) = (tempfile::tempdir().unwrap(), Host::start());
    let home = directory.path();
    std::fs::write(home.join("pds.password"), PASSWORD).unwrap();
    std::fs::write(home.join("pds.environment"), "").unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let binary = Path::new(env!("CARGO_BIN_EXE_entryway")).parent().unwrap();
    let script = format!(
        "set -euo pipefail\nPATH='{}':$PATH\ntrap 'kill $ENTRYWAY_PID' EXIT\n{}\n",
        binary.display(),
        script("sh run")
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("LOGIN", format!("http://localhost:{port}"))
        .env("LISTEN", format!("127.0.0.1:{port}"))
        .env("PDS", &host.url)
        .env("HANDLES", ".test")
        .env("PLC", "http://localhost:1")
        .env("DIR", home.join("entryway"))
        .env("DATABASE", home.join("entryway.sqlite"))
        .env("DEVELOPMENT", "[development]")
        .env("PDS_ENV", home.join("pds.environment"))
        .env("PDS_PASSWORD_FILE", home.join("pds.password"))
        .env(
            "RESTART_PDS",
            "curl -fsS --data-binary @\"$PDS_ENV\" \"$PDS/_environment\"",
        )
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{told}");
    for part in [
        "config.toml is good\n",
        "applied: 0001_first_login\n",
        "added: did:web:pds.test at http://localhost:",
        "ok     believes tokens of this deployment, and not those of a stranger\n",
        "\"ready\":true",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}
