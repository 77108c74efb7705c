//! The latest DPoP nonce of each server, because the next proof must carry it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use oauth2::HttpResponse;
use url::Url;

/// Servers remembered at once; forgetting one costs a single extra round trip.
const ORIGINS_MAX: usize = 64;

/// Longest nonce remembered, in bytes.
const NONCE_BYTES_MAX: usize = 512;

/// Nonces by origin. One authorization server and one PDS at the same origin would share theirs.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    by_origin: Mutex<HashMap<String, String>>,
}

impl Nonces {
    /// The nonce to put into the next proof for `url`, if that server ever gave one.
    pub(super) fn latest(&self, url: &Url) -> Option<String> {
        let by_origin = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        by_origin.get(&url.origin().ascii_serialization()).cloned()
    }

    /// Remembers the nonce of an answer. RFC 9449 section 8.2: any answer may bring a new one.
    pub(super) fn learn(&self, url: &Url, answer: &HttpResponse) {
        let Some(nonce) = nonce_of(answer) else { return };
        let mut by_origin = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = url.origin().ascii_serialization();
        if by_origin.len() >= ORIGINS_MAX && !by_origin.contains_key(&origin) {
            by_origin.clear();
        }
        by_origin.insert(origin, nonce);
    }
}

fn nonce_of(answer: &HttpResponse) -> Option<String> {
    let nonce = answer.headers().get("dpop-nonce")?.to_str().ok()?;
    (!nonce.is_empty() && nonce.len() <= NONCE_BYTES_MAX).then(|| nonce.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(nonce: &str) -> HttpResponse {
        let mut answer = HttpResponse::new(Vec::new());
        answer.headers_mut().insert("dpop-nonce", nonce.parse().unwrap());
        answer
    }

    #[test]
    fn each_origin_has_its_own_nonce_and_the_newest_wins() {
        let nonces = Nonces::default();
        let (server, pds) = (
            Url::parse("http://localhost:1/a").unwrap(),
            Url::parse("http://localhost:2/a").unwrap(),
        );
        nonces.learn(&server, &answer("one"));
        nonces.learn(&server.join("/b").unwrap(), &answer("two"));
        assert_eq!(nonces.latest(&server).as_deref(), Some("two"));
        assert_eq!(nonces.latest(&pds), None);
    }

    #[test]
    fn the_number_of_origins_is_bounded() {
        let nonces = Nonces::default();
        for port in 1..=1000 {
            let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
            nonces.learn(&url, &answer("n"));
        }
        assert!(nonces.by_origin.lock().unwrap().len() <= ORIGINS_MAX);
    }

    #[test]
    fn an_absurdly_long_nonce_is_not_kept() {
        let nonces = Nonces::default();
        let url = Url::parse("http://localhost/").unwrap();
        nonces.learn(&url, &answer(&"n".repeat(NONCE_BYTES_MAX + 1)));
        assert_eq!(nonces.latest(&url), None);
    }
}
