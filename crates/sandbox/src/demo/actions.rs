//! What a signed-in person can ask this app to do.

use std::sync::Arc;

use super::Demo;
use super::permissions::{SEARCH_METHOD, SEARCH_SERVICE};
use super::problem::Problem;
use super::session::Session;
use super::trace::Trace;

/// Something a signed-in person asked for.
#[derive(Debug)]
pub(super) enum Action {
    /// Writes a note with this text.
    Write(String),
    /// The same, and shares it as a post.
    WriteAndShare(String),
    /// Deletes the note with this key.
    Delete(String),
    /// Keeps it at the top.
    Pin(String),
    /// Keeps it there no more.
    Unpin(String),
    /// Gets a token for the search service.
    Search,
    /// Replaces the tokens.
    Refresh,
}

impl Action {
    /// What is said of how it went.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Write(_) | Self::WriteAndShare(_) => "How your note was saved",
            Self::Delete(_) => "How your note was deleted",
            Self::Pin(_) | Self::Unpin(_) => "How your pin was moved",
            Self::Search => "How the search service would be called",
            Self::Refresh => "How the tokens were refreshed",
        }
    }

    /// Does it; the answer is a sentence for the next page.
    pub(super) async fn perform(
        self,
        demo: &Arc<Demo>,
        session: &mut Session,
        trace: &Trace,
    ) -> Result<String, Problem> {
        match self {
            Self::Write(text) => {
                let uri = session.write_note(demo, trace, &text).await?;
                Ok(format!("Saved as {uri}."))
            }
            Self::WriteAndShare(text) => {
                let note = session.write_note(demo, trace, &text).await?;
                let post = session.share(demo, trace, &text).await?;
                Ok(format!("Saved as {note} and shared as {post}."))
            }
            Self::Pin(key) => {
                session.pin(demo, trace, &key).await?;
                Ok("The note is pinned.".to_owned())
            }
            Self::Unpin(key) => {
                session.unpin(demo, trace, &key).await?;
                Ok("The note is not pinned any more.".to_owned())
            }
            Self::Delete(key) => {
                session.delete_note(demo, trace, &key).await?;
                Ok("The note is deleted.".to_owned())
            }
            Self::Search => {
                session.search_token(demo, trace).await?;
                Ok(format!(
                    "Your PDS gave Jotter a token to call {SEARCH_METHOD} at {SEARCH_SERVICE} as you. \
                     This is a demo: nothing answers there."
                ))
            }
            Self::Refresh => {
                let before = session.tokens.fingerprint();
                session.refresh(demo, trace).await?;
                let after = session.tokens.fingerprint();
                Ok(format!(
                    "The access token changed: its fingerprint was {before} and is {after}."
                ))
            }
        }
    }
}
