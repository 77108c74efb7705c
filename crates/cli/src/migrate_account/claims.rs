//! What a token says of itself: for its person to see, and never the token (A16).

use serde::Deserialize;

use entryway_oauth::jws::UnverifiedJws;
use entryway_oauth::time::Timestamp;

use super::session::Token;

/// Claims nobody verified: the host that gets the token does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct ServiceClaims {
    pub(super) iss: String,
    pub(super) aud: String,
    #[serde(default)]
    pub(super) lxm: Option<String>,
    exp: i64,
}

impl ServiceClaims {
    /// Reads those of a service token.
    pub(super) fn of(token: &Token) -> Option<Self> {
        UnverifiedJws::parse(token.expose())
            .ok()?
            .unverified_claims()
            .ok()
    }

    /// Seconds for which it is good, none after its end.
    pub(super) fn seconds_left(&self, now: Timestamp) -> Option<i64> {
        let left = self.exp.checked_sub(now.seconds())?;
        (left > 0).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_the_second_of_its_end() {
        let claims = ServiceClaims {
            iss: String::new(),
            aud: String::new(),
            lxm: None,
            exp: 100,
        };
        for (now, left) in [(99, Some(1)), (100, None), (101, None), (i64::MIN, None)] {
            assert_eq!(claims.seconds_left(Timestamp::from_seconds(now)), left, "{now}");
        }
    }
}
