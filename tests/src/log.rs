//! Everything that anybody logs, at the most talkative level.
//!
//! Written to `logs/suite.log` among the artefacts, or to a file without a name.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::environment;

/// Begins to keep the log, once for the process.
pub fn keep() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let file = match environment::artefacts() {
            Some(folder) => {
                let folder = folder.join("logs");
                fs::create_dir_all(&folder).unwrap();
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(folder.join("suite.log"))
                    .unwrap()
            }
            None => tempfile::tempfile().unwrap(),
        };
        let file = Arc::new(file);
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || Line(file.clone()))
            .init();
    });
}

/// What is logged from now on, by every test that runs in the meantime too.
#[derive(Debug)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

/// Begins to listen.
pub fn capture() -> Capture {
    keep();
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    LISTENERS.lock().unwrap().push(heard.clone());
    Capture(heard)
}

impl Capture {
    /// Everything since it began.
    pub fn heard(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        LISTENERS
            .lock()
            .unwrap()
            .retain(|listener| !Arc::ptr_eq(listener, &self.0));
    }
}

static LISTENERS: Mutex<Vec<Arc<Mutex<Vec<u8>>>>> = Mutex::new(Vec::new());

/// One event on its way to the file and to whoever listens.
struct Line(Arc<fs::File>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for listener in LISTENERS.lock().unwrap().iter() {
            listener.lock().unwrap().extend_from_slice(bytes);
        }
        (&*self.0).write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
