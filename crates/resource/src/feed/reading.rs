//! One answer of the feed, statement by statement: what it must say next, and what follows from it.
//!
//! No I/O and no clock. A [`Place`] outlives connections, a [`Reading`] is one.

use std::time::Duration;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::PublicKey;
use entryway_oauth::revocation::{
    Challenge, FeedHead, FeedRequest, HEAD_EVERY, RevocationEvent, Statement, verify,
};
use entryway_oauth::time::Timestamp;

use super::{FeedFault, Revocations};
use crate::Moment;

/// How far a feed was read.
#[derive(Debug)]
pub(super) struct Place {
    issuer: Issuer,
    /// The number of the last event that was read, or that the feed said was the last.
    cursor: u64,
    /// The event of that number. Without it the feed is read from its oldest event.
    last: Option<RevocationEvent>,
}

impl Place {
    /// Before the first reading.
    pub(super) const fn start(issuer: Issuer) -> Self {
        Self {
            issuer,
            cursor: 0,
            last: None,
        }
    }

    /// The number of the last event.
    pub(super) const fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Asks for the last event once more and all that follow it, or for everything.
    pub(super) fn request(&self, challenge: Challenge) -> FeedRequest {
        FeedRequest {
            after: self.last.as_ref().map(|last| last.seq - 1),
            wait: 0,
            challenge: Some(challenge),
        }
    }

    /// Reads everything again next time. What is known stays known.
    pub(super) fn start_over(&mut self) {
        self.last = None;
    }
}

/// One connection, or one page.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    place: &'a mut Place,
    revocations: &'a Revocations,
    challenge: Challenge,
    /// The number of the last event before this reading.
    had: u64,
    stage: Stage,
    /// The first head was made later than this.
    asked: Duration,
    anchor: Option<Anchor>,
    /// A head that was read before the events it tells of: when it was said, and their last number.
    owed: Option<(Duration, u64)>,
    /// When the last event came, or the first head that tells of one.
    moved: Duration,
    events: usize,
    complete: bool,
}

/// What may come next.
#[derive(Debug)]
enum Stage {
    /// The event that was the last one of the reading before.
    Overlap,
    /// A head that says which event is the oldest, or that one itself. With the first and the last event
    /// that came before any head, which will have to say that none came before them.
    Oldest(Option<(u64, Box<RevocationEvent>)>),
    /// The event after the last one.
    Next,
}

/// The dates of the first and the last head of a reading.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    first: Timestamp,
    latest: Timestamp,
}

impl<'a> Reading<'a> {
    /// Reads the answer to [`Place::request`] with this challenge, which was sent after this moment.
    pub(super) fn new(
        place: &'a mut Place,
        revocations: &'a Revocations,
        challenge: Challenge,
        asked: Moment,
    ) -> Self {
        let stage = match place.last {
            Some(_) => Stage::Overlap,
            None => Stage::Oldest(None),
        };
        Self {
            had: place.cursor,
            place,
            revocations,
            challenge,
            stage,
            asked: asked.steady,
            anchor: None,
            owed: None,
            moved: asked.steady,
            events: 0,
            complete: false,
        }
    }

    /// Whether everything was read that a head told of.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether an event was read that was not read before.
    pub(super) const fn has_moved(&self) -> bool {
        self.events > 0
    }

    /// Whether a head of this moment was read.
    pub(super) const fn was_answered(&self) -> bool {
        self.anchor.is_some()
    }

    /// Takes the next statement.
    ///
    /// # Errors
    /// Why the rest of this answer is not to be read. What came before stays known.
    pub(super) fn take(&mut self, text: &str, keys: &[PublicKey], now: Moment) -> Result<(), FeedFault> {
        let statement = verify(text, keys)?;
        let taken = match statement {
            Statement::Event(event) if event.iss == self.place.issuer => self.take_event(event, now),
            Statement::Head(head) if head.iss == self.place.issuer => self.take_head(&head, now),
            _ => Err(FeedFault::IssuerForeign),
        };
        match taken {
            Err(FeedFault::HistoryLost { .. }) => {
                self.revocations.distrust();
                *self.place = Place::start(self.place.issuer.clone());
            }
            Err(FeedFault::Full { .. }) => {
                self.revocations.distrust();
                self.place.start_over();
            }
            _ => {}
        }
        taken
    }

    fn take_event(&mut self, event: RevocationEvent, now: Moment) -> Result<(), FeedFault> {
        self.moved = now.steady;
        match &mut self.stage {
            Stage::Overlap => {
                in_order(self.had, event.seq)?;
                if self.place.last.as_ref() != Some(&event) {
                    return Err(self.history_lost(event.seq));
                }
                self.stage = Stage::Next;
                self.settle(now);
                return Ok(());
            }
            Stage::Oldest(read) => {
                let first = match read {
                    None => event.seq,
                    Some((first, last)) => {
                        in_order(last.seq + 1, event.seq)?;
                        *first
                    }
                };
                self.revocations.admit(&event, now)?;
                *read = Some((first, Box::new(event)));
            }
            Stage::Next => {
                in_order(self.place.cursor + 1, event.seq)?;
                self.revocations.admit(&event, now)?;
                self.place.cursor = event.seq;
                self.place.last = Some(event);
            }
        }
        self.events += 1;
        self.settle(now);
        Ok(())
    }

    fn take_head(&mut self, head: &FeedHead, now: Moment) -> Result<(), FeedFault> {
        // made for this request, hence after it: neither recorded nor cached, whatever its date says
        if head.challenge != Some(self.challenge) {
            return Err(FeedFault::AnswerOld);
        }
        let said_at = self.said_at(head, now)?;
        self.find_place(head)?;
        if self.owed.is_none() {
            self.moved = now.steady;
        }
        // one that is waited for is not replaced by a later one, or a busy feed would never be complete
        if self.owed.is_none_or(|(_, seq)| self.place.cursor >= seq) {
            self.owed = Some((said_at, head.seq));
        }
        self.settle(now);
        if self.owed.is_some() && now.steady.saturating_sub(self.moved) > WITHHELD_MAX {
            return Err(FeedFault::Withheld);
        }
        let late = now.steady.saturating_sub(said_at);
        if late > HELD_UP_MAX {
            let seconds = late.as_secs();
            return Err(FeedFault::HeldUp { seconds });
        }
        Ok(())
    }

    /// When a head was made at the earliest, by our steady clock: the first one when we asked, a later one
    /// as much later as it is dated. What the server's clock shows does not matter, only how fast it runs.
    fn said_at(&mut self, head: &FeedHead, now: Moment) -> Result<Duration, FeedFault> {
        let begun = self.anchor.is_some();
        let anchor = self.anchor.get_or_insert(Anchor {
            first: head.iat,
            latest: head.iat,
        });
        if !begun {
            warn_of_clocks(head, now);
        }
        let since = u64::try_from((head.iat - anchor.first).0).unwrap_or_default();
        let since = Duration::from_secs(since);
        let is_ahead = since > now.steady.saturating_sub(self.asked) + DATES_APART_MAX;
        // within one answer an older head is out of order, or its server's clock was set. The next
        // connection begins with the new time: by this one nobody could tell how late a head comes
        if head.iat < anchor.latest || is_ahead {
            return Err(FeedFault::ClockSet);
        }
        anchor.latest = head.iat;
        // dates are whole seconds: the first may be of the end of its second, this one of the beginning
        let since = since.saturating_sub(Duration::from_secs(1));
        Ok(self.asked.saturating_add(since).min(now.steady))
    }

    /// Compares a head with what was read.
    fn find_place(&mut self, head: &FeedHead) -> Result<(), FeedFault> {
        match std::mem::replace(&mut self.stage, Stage::Next) {
            Stage::Oldest(read) => {
                if head.seq < self.had {
                    // everything is read again already: that is all there is to do about it
                    self.revocations.distrust();
                    tracing::error!(issuer = %head.iss, "{}", self.history_lost(head.seq));
                }
                match read {
                    None => self.place.cursor = head.oldest - 1,
                    Some((first, _)) if first > head.oldest => {
                        return Err(FeedFault::OutOfOrder {
                            expected: head.oldest,
                            found: first,
                        });
                    }
                    Some((_, last)) => {
                        self.place.cursor = last.seq;
                        self.place.last = Some(*last);
                    }
                }
            }
            stage if head.seq < self.had => {
                self.stage = stage;
                return Err(self.history_lost(head.seq));
            }
            stage => self.stage = stage,
        }
        // of a number that was read in this very answer: out of order, or lost since; the next tells which
        if head.seq < self.place.cursor {
            return Err(FeedFault::OutOfOrder {
                expected: self.place.cursor,
                found: head.seq,
            });
        }
        Ok(())
    }

    /// Credits a head once all that it tells of is read.
    fn settle(&mut self, now: Moment) {
        let Some((said_at, seq)) = self.owed else { return };
        if matches!(self.stage, Stage::Next) && self.place.cursor >= seq {
            self.owed = None;
            self.complete = true;
            if self.revocations.complete(self.place.cursor, said_at, now) {
                let (issuer, cursor) = (&self.place.issuer, self.place.cursor);
                tracing::info!(%issuer, cursor, "the revocation feed is followed");
            }
        }
    }

    fn history_lost(&self, has: u64) -> FeedFault {
        FeedFault::HistoryLost { had: self.had, has }
    }
}

fn in_order(expected: u64, found: u64) -> Result<(), FeedFault> {
    if expected == found {
        return Ok(());
    }
    Err(FeedFault::OutOfOrder { expected, found })
}

/// A difference of clocks does no harm to the feed, but proofs and tokens are dated too.
fn warn_of_clocks(head: &FeedHead, now: Moment) {
    let ahead = (head.iat - now.wall).0;
    if ahead.unsigned_abs() > CLOCKS_APART_MAX {
        tracing::warn!(
            issuer = %head.iss,
            seconds = ahead,
            "the clock of the revocation feed is this far ahead of ours: is one of them wrong"
        );
    }
}

/// Seconds by which clocks differ where both are kept by a time server, and much more.
const CLOCKS_APART_MAX: u64 = 60;
/// How much longer ago the first head may be by its date than by our clock: a second since dates are whole
/// ones, and another for a clock that runs fast.
const DATES_APART_MAX: Duration = Duration::from_secs(2);
/// How late a head may come: as long as a stream may be silent.
const HELD_UP_MAX: Duration = HEAD_EVERY.saturating_mul(2);
/// How long an event that a head told of may take after the one before it.
const WITHHELD_MAX: Duration = HEAD_EVERY.saturating_mul(2);

#[cfg(test)]
mod tests;
