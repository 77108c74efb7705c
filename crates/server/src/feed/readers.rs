//! Who may read the feed, and how many at once.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::oneshot;

use entryway_oauth::denial::Denial;
use entryway_oauth::secret::{FeedToken, constant_time_eq};

use crate::config::FeedReader;
use crate::failure::Fault;
use crate::limits::FailureLimits;

/// Readers an operator may name: a large fleet, and few enough to compare with all.
const READERS_MAX: usize = 1_000;
/// Connections of one reader: the instances of a resource, and those of a moment ago that nobody closed.
const CONNECTIONS_OF_READER_MAX: usize = 16;
/// Connections of all readers. Each may hold a buffer and costs a look at the clock every few seconds.
const CONNECTIONS_MAX: usize = 2_000;

/// The readers the operator named, and their open connections.
#[derive(Debug)]
pub(crate) struct Readers {
    known: Vec<FeedReader>,
    /// In the order in which they came.
    connected: Mutex<Vec<Connected>>,
    failures: FailureLimits,
}

/// A connection that is open while the other half is.
#[derive(Debug)]
struct Connected {
    reader: usize,
    leave: oneshot::Sender<()>,
}

/// A reader that showed its token.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReaderNumber(usize);

/// A place among the connections, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// Who has it.
    pub(super) reader: String,
    left: oneshot::Receiver<()>,
}

impl Place {
    /// Resolves when a newer connection of the same reader took the place.
    pub(super) async fn taken(&mut self) {
        // the other half is dropped, never used
        drop((&mut self.left).await);
    }
}

impl Readers {
    /// These readers, nobody connected.
    ///
    /// # Errors
    /// A [`Fault`] for too many of them, or two of one name or token.
    pub(crate) fn new(known: Vec<FeedReader>) -> Result<Self, Fault> {
        if known.len() > READERS_MAX {
            return Err(Fault::new("at most 1000 feed readers may be configured"));
        }
        for (number, reader) in known.iter().enumerate() {
            let twin = |other: &FeedReader| other.name == reader.name || other.token == reader.token;
            if known[..number].iter().any(twin) {
                return Err(Fault::new("two feed readers have one name or one token"));
            }
        }
        Ok(Self {
            known,
            connected: Mutex::default(),
            failures: FailureLimits::new(),
        })
    }

    /// Whether anybody may read.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Which reader this is. One that shows a good token is never refused for what others tried.
    pub(super) fn authorise(&self, headers: &HeaderMap, address: IpAddr) -> Result<ReaderNumber, Denial> {
        let reader = presented(headers).and_then(|token| self.find(&token));
        reader.ok_or_else(|| self.failures.count(address, Denial::FeedTokenUnknown))
    }

    /// Compares with each, whichever fits, so that the time tells nothing.
    fn find(&self, token: &FeedToken) -> Option<ReaderNumber> {
        let digest = token.digest();
        let mut found = None;
        for (number, reader) in self.known.iter().enumerate() {
            if constant_time_eq(reader.token.as_bytes(), digest.as_bytes()) {
                found = Some(ReaderNumber(number));
            }
        }
        found
    }

    /// Takes a place. One that holds all of its own loses the oldest: it may be a connection that broke
    /// without a word, and whoever lives connects again.
    pub(super) fn take_place(&self, ReaderNumber(reader): ReaderNumber) -> Result<Place, Denial> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        connected.retain(|one| !one.leave.is_closed());
        let mut own = connected
            .iter()
            .enumerate()
            .filter(|(_, one)| one.reader == reader);
        let oldest = own.next().map(|(place, _)| place);
        let count = usize::from(oldest.is_some()) + own.count();
        match oldest {
            Some(oldest) if count >= CONNECTIONS_OF_READER_MAX => drop(connected.remove(oldest)),
            _ if connected.len() >= CONNECTIONS_MAX => return Err(Denial::FeedFull),
            _ => {}
        }
        let (leave, left) = oneshot::channel();
        connected.push(Connected { reader, leave });
        Ok(Place {
            reader: self.known[reader].name.clone(),
            left,
        })
    }
}

/// The token of the only `Authorization` header.
fn presented(headers: &HeaderMap) -> Option<FeedToken> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    // RFC 9110 section 11.1
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    FeedToken::parse(token).ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::HeaderValue;

    use super::*;

    fn token(number: u8) -> FeedToken {
        FeedToken::from_entropy([number; 32])
    }

    fn reader(name: &str, number: u8) -> FeedReader {
        FeedReader {
            name: name.to_owned(),
            token: token(number).digest(),
        }
    }

    fn readers() -> Readers {
        Readers::new(vec![reader("one", 1), reader("two", 2)]).unwrap()
    }

    fn headers(values: &[String]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn each_token_names_its_reader_and_no_other_text_does() {
        let readers = readers();
        let good = format!("Bearer {}", token(2).expose());
        let named = |values: &[String]| {
            let place = readers.authorise(&headers(values), HERE).ok()?;
            Some(readers.take_place(place).unwrap().reader)
        };
        assert_eq!(named(std::slice::from_ref(&good)).as_deref(), Some("two"));
        assert_eq!(named(&[good.replace("Bearer", "bEARER")]).as_deref(), Some("two"));
        let digest = token(2).digest();
        for bad in [
            vec![],
            vec![good.clone(), good.clone()],
            vec![String::new()],
            vec!["Bearer".to_owned()],
            vec![token(2).expose().to_owned()],
            vec![good.replace(' ', "  ")],
            vec![good.replace("Bearer", "DPoP")],
            vec![good.to_uppercase()],
            vec![format!("{good}0")],
            vec![good[..good.len() - 1].to_owned()],
            vec![format!("Bearer {}", token(3).expose())],
            vec![format!("Bearer {digest}")],
            vec![format!("Bearer fee-{digest}")],
        ] {
            assert_eq!(named(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn guesses_stop_the_one_who_guesses_and_no_reader() {
        let readers = readers();
        let bad = headers(&["Bearer x".to_owned()]);
        let good = headers(&[format!("Bearer {}", token(1).expose())]);
        let mut refused = Vec::new();
        for _ in 0..100 {
            refused.push(readers.authorise(&bad, HERE).unwrap_err().status());
            assert!(readers.authorise(&good, HERE).is_ok());
        }
        assert_eq!(
            (refused[0], refused[29], refused[30], refused[99]),
            (401, 401, 429, 429)
        );
        let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        assert_eq!(readers.authorise(&bad, elsewhere).unwrap_err().status(), 401);
    }

    #[tokio::test]
    async fn the_oldest_connection_of_a_reader_gives_way_and_none_of_another() {
        let readers = readers();
        let mut others = readers.take_place(ReaderNumber(1)).unwrap();
        let mut places: Vec<Place> = (0..CONNECTIONS_OF_READER_MAX)
            .map(|_| readers.take_place(ReaderNumber(0)).unwrap())
            .collect();
        // one that left makes room without anybody giving way
        drop(places.remove(3));
        places.push(readers.take_place(ReaderNumber(0)).unwrap());
        assert!(places.iter_mut().all(has_place));
        let newest = readers.take_place(ReaderNumber(0)).unwrap();
        places[0].taken().await;
        places.remove(0);
        assert!(places.iter_mut().all(has_place));
        assert!(has_place(&mut others));
        drop(newest);
    }

    fn has_place(place: &mut Place) -> bool {
        place.left.try_recv() == Err(oneshot::error::TryRecvError::Empty)
    }

    #[test]
    fn all_readers_together_have_so_many_places() {
        let known = (0..=200).map(|number| FeedReader {
            name: number.to_string(),
            token: entryway_oauth::secret::Digest::of(&[number]),
        });
        let readers = Readers::new(known.collect()).unwrap();
        let mut places = Vec::new();
        for number in 0..CONNECTIONS_MAX {
            places.push(readers.take_place(ReaderNumber(number / 10)).unwrap());
        }
        let refused = readers.take_place(ReaderNumber(200));
        assert_eq!(refused.unwrap_err(), Denial::FeedFull);
        places.pop();
        readers.take_place(ReaderNumber(200)).unwrap();
    }

    #[test]
    fn two_readers_never_share_a_name_or_a_token() {
        for twins in [
            [reader("one", 1), reader("one", 2)],
            [reader("one", 1), reader("two", 1)],
        ] {
            assert!(Readers::new(twins.to_vec()).is_err());
        }
    }
}
