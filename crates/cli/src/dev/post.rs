//! Where the mail of `dev` goes: into the sandbox's mailbox.

use std::sync::{Arc, OnceLock};

use entryway_sandbox::mailbox::{Mail, Mailbox};
use entryway_server::{Clock, Letter, NotSent, Post, Sending};

/// A way to the mailbox, which opens after the login has to know where mail goes.
#[derive(Clone)]
pub(super) struct ToMailbox {
    mailbox: Arc<OnceLock<Mailbox>>,
    from: String,
    clock: Clock,
}

impl ToMailbox {
    pub(super) fn new(from: String, clock: Clock) -> Self {
        Self {
            mailbox: Arc::default(),
            from,
            clock,
        }
    }

    /// Has letters go there from now on; one that comes before is not sent.
    pub(super) fn lead_to(&self, mailbox: Mailbox) {
        let _first = self.mailbox.set(mailbox);
    }
}

impl std::fmt::Debug for ToMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToMailbox")
    }
}

impl Post for ToMailbox {
    fn send(&self, letter: Letter) -> Sending<'_> {
        let mailbox = self.mailbox.get().cloned();
        let mail = Mail {
            from: self.from.clone(),
            to: letter.to,
            subject: letter.subject,
            text: letter.text,
            at: self.clock.now(),
        };
        Box::pin(async move {
            let mailbox = mailbox.ok_or_else(|| NotSent("the mailbox is not open yet".to_owned()))?;
            // it waits for the disk
            let delivered = tokio::task::spawn_blocking(move || mailbox.deliver(mail)).await;
            let failed = || NotSent("the mailbox did not take it".to_owned());
            delivered.map_err(|_| failed())?.map_err(|_| failed())
        })
    }
}
