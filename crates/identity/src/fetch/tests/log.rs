//! What an operator reads.

use std::io;
use std::sync::{Arc, Mutex};

use super::super::Dns;
use super::watched::{Answers, Watched};
use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// the cause is for the log, which is kept longer than any secret in a query should be
#[tokio::test]
async fn the_log_has_the_host_the_outcome_and_the_cause_and_never_a_query() {
    let lines = Lines::default();
    let writer = lines.clone();
    let logging = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone());
    let _logging = tracing::subscriber::set_default(logging.finish());

    let host = Host::http(|_| document("{}")).await;
    let port = host.address().port();
    let settings = FetchSettings {
        dns: Dns::Other(Answers::always(&["10.1.2.3"])),
        ..development(&Authority::new(), &["app.test=127.0.0.1:1".to_owned()])
    };
    let fetcher = Fetcher::over(Watched::new(&[]).await, settings.clone()).unwrap();
    let plain = Fetcher::new(settings).unwrap();
    lines.take();
    for (fetcher, target, parts) in [
        (
            &plain,
            format!("http://127.0.0.1:{port}/?q=SECRET"),
            &["DEBUG", "fetched", "fetch.body_bytes=2"][..],
        ),
        (
            &fetcher,
            "https://app.com/?q=SECRET#SECRET".to_owned(),
            &[
                "not fetched",
                "fetch.host=\"app.com\"",
                "public addresses only",
                "10.1.2.3",
            ],
        ),
        (
            &plain,
            "https://app.test/SECRET?SECRET".to_owned(),
            &[
                "not fetched",
                "fetch.host=\"app.test\"",
                "could not be reached",
                "refused",
            ],
        ),
        (
            &fetcher,
            "https://user:SECRET@app.com/?SECRET".to_owned(),
            &["not fetched", "fetch.host=\"app.com\"", "user name or a password"],
        ),
    ] {
        let _ = fetcher.get(&url(&target), &wanted()).await;
        let logged = lines.take();
        let ours: Vec<&str> = logged
            .lines()
            .filter(|line| line.contains("entryway_identity::fetch"))
            .collect();
        assert_eq!(ours.len(), 1, "{logged}");
        for part in parts {
            assert!(
                ours[0].to_lowercase().contains(&part.to_lowercase()),
                "{part}: {logged}"
            );
        }
        assert!(!logged.contains("SECRET"), "{logged}");
    }
}
