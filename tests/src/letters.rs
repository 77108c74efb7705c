//! Mail that nobody delivers: a test reads it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use entryway_server::{Letter, NotSent, Post, Sending};
use tokio::sync::watch;

/// What the service sent. Clones are the same letters.
#[derive(Clone, Debug)]
pub(crate) struct Letters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sent: Mutex<Vec<Letter>>,
    count: watch::Sender<usize>,
    mail: watch::Sender<Mail>,
}

/// How the mail server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// It takes every letter.
    Taken,
    /// It takes none.
    Refused,
    /// It does not answer, until it is another.
    Silent,
}

impl Letters {
    /// All that were taken, in that order.
    pub(crate) fn all(&self) -> Vec<Letter> {
        self.0.sent.lock().unwrap().clone()
    }

    /// The letter of this number, counted from one; waits until it is there.
    pub(crate) async fn number(&self, number: usize) -> Letter {
        let mut count = self.0.count.subscribe();
        let arrived = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= number)).await;
        assert!(arrived.is_ok(), "letter {number} is not sent");
        self.all().swap_remove(number - 1)
    }

    pub(crate) fn be(&self, mail: Mail) {
        self.0.mail.send_replace(mail);
    }
}

impl Default for Letters {
    fn default() -> Self {
        Self(Arc::new(Inner {
            sent: Mutex::default(),
            count: watch::Sender::new(0),
            mail: watch::Sender::new(Mail::Taken),
        }))
    }
}

impl Post for Letters {
    fn send(&self, letter: Letter) -> Sending<'_> {
        Box::pin(async move {
            let mut mail = self.0.mail.subscribe();
            let mail = mail
                .wait_for(|mail| *mail != Mail::Silent)
                .await
                .map(|mail| *mail);
            if mail.is_ok_and(|mail| mail == Mail::Refused) {
                return Err(NotSent("the mail server of a test takes nothing".to_owned()));
            }
            let count = {
                let mut sent = self.0.sent.lock().unwrap();
                sent.push(letter);
                sent.len()
            };
            self.0.count.send_replace(count);
            Ok(())
        })
    }
}

/// Longer than a letter takes, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(20);
