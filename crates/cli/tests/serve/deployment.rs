//! A deployment on this machine: settings, a database and instances of the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ROOT_KEY: &str = "8d7a10c25fe94b36a1d2c3e4f50617289b0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4";

/// Settings in a directory of their own.
pub(crate) struct Deployment {
    pub(crate) directory: TempDir,
}

impl Deployment {
    /// One on SQLite.
    pub(crate) fn new() -> Self {
        Self::on("entryway.sqlite")
    }

    pub(crate) fn on(database: &str) -> Self {
        let deployment = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        deployment.write_root_key(ROOT_KEY);
        let text = format!(
            "issuer = 'http://localhost:2583'\nlisten = ['127.0.0.1:0']\nroot_key_file = 'root.key'\n\
             database = '{database}'\nhandle_domains = ['.test']\nplc_url = 'http://localhost:1'\n\
             [development]\nrate_limits = false\n"
        );
        std::fs::write(deployment.config(), text).unwrap();
        deployment
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    pub(crate) fn write_root_key(&self, key: &str) {
        std::fs::write(self.directory.path().join("root.key"), format!("{key}\n")).unwrap();
    }

    /// A command with these words and the settings.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entryway"));
        command
            .args(words)
            .arg("--config")
            .arg(self.config())
            // any variable of ours is taken for a setting, and whoever runs the tests has some
            .env_clear()
            // nothing is read relative to it (C18)
            .current_dir(Path::new("/"));
        command
    }

    /// Status, output and complaints of a command that ends.
    pub(crate) fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// A PDS host of a store that is opened for it; nothing answers there.
    pub(crate) async fn add_host(&self) {
        use entryway_oauth::issuer::Issuer;
        use entryway_oauth::time::Timestamp;
        use entryway_scope::Did;
        use entryway_store::{HostState, PdsHost, Store};
        let database = self.directory.path().join("entryway.sqlite");
        let store = Store::open(&format!("sqlite://{}", database.display()))
            .await
            .unwrap();
        let host = PdsHost {
            did: Did::parse("did:web:pds.test").unwrap(),
            url: Issuer::parse("http://localhost:1").unwrap(),
            sealed_password: vec![1],
            state: HostState::Open,
            added_at: Timestamp::from_seconds(0),
        };
        store.add_pds_host(&host).await.unwrap();
        store.close().await;
    }
}

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) greeting: Value,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
        if read.unwrap() == 0 {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("did not start: {said}");
        }
        Self {
            child,
            greeting: serde_json::from_str(&line).unwrap(),
        }
    }

    pub(crate) fn address(&self) -> &str {
        let url = self.greeting["listening"][0].as_str().unwrap();
        url.strip_prefix("http://").unwrap()
    }

    /// Status and body of an answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost:2583\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// Asks it to stop as service managers do; its status and all it said.
    pub(crate) fn stop(&mut self) -> (Option<i32>, String) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(asked.unwrap().success());
        let status = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (status, said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
