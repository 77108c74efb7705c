//! The page for everything that cannot go on.

use askama::Template;

use super::duration::InWords;
use super::layout::PageContext;
use super::untrusted::Untrusted;

/// The error page, also for an unknown path.
///
/// It leads nowhere: at this point no address that the request named has been found good.
#[derive(Debug, Template)]
#[template(path = "pages/error.html")]
pub struct ErrorView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// The status of the answer, which chooses the words.
    pub status: u16,
    /// What the app's developer needs to hear, for a fault of the request.
    pub denial: Option<DenialNote<'a>>,
    /// What to quote to the operator, for a fault of ours.
    pub incident_id: Option<Untrusted<'a>>,
    /// Until it is worth trying again, where that is known.
    pub retry_after: Option<InWords>,
}

/// A denial in the words of the protocol.
#[derive(Debug, Clone, Copy)]
pub struct DenialNote<'a> {
    /// The error code, such as `invalid_request`.
    pub code: Untrusted<'a>,
    /// The sentence that says what was expected.
    pub description: Untrusted<'a>,
}

impl ErrorView<'_> {
    fn heading(&self) -> &'static str {
        match self.status {
            401 | 403 => "This page can’t be used here",
            404 => "There is nothing here",
            405 => "This page can’t be opened that way",
            408 | 410 => "This sign-in has run out of time",
            409 => "This sign-in is already finished",
            413 | 414 | 431 => "That was too much to read",
            429 => "Too many tries",
            503 => "Too much is going on here just now",
            500.. => "Something broke on our side",
            _ => "This request can’t go on",
        }
    }

    fn explanation(&self) -> &'static str {
        match self.status {
            401 | 403 => {
                "For your safety a sign-in continues only in the browser and from the page where it began. Nothing \
                 was changed."
            }
            404 => "The address may be mistyped, or the page has moved.",
            405 => "It belongs to a sign-in that an app starts. Nothing was changed.",
            408 | 410 => {
                "For your safety a sign-in has to be completed within a few minutes. Nothing was shared with the app."
            }
            409 => "It was answered before, perhaps in another tab or with the back button.",
            413 | 414 | 431 => "Your browser sent more than this page takes. Nothing was changed.",
            429 => "To keep accounts safe, this service slows down after many tries in a short time.",
            503 => "This service has more to do at this moment than it can. Nothing was changed.",
            500.. => "This is not your fault, and nothing was shared with the app.",
            _ => {
                "The app asked for something in a way this service does not accept. Nothing was shared with it."
            }
        }
    }

    fn is_ours(&self) -> bool {
        self.status >= 500
    }
}
