//! What a person grants of what an app asks.

use entryway_scope::ScopeSet;

use crate::request::AuthorizationRequest;

/// The granted scope: what was asked for and left ticked, and `atproto` always.
///
/// `is_ticked` is asked about positions in the requested scope, so a form cannot name a value that
/// was not asked for. `transition:chat.bsky` means nothing without `transition:generic`
/// and goes with it.
pub fn granted(request: &AuthorizationRequest, is_ticked: impl Fn(usize) -> bool) -> ScopeSet {
    let mut granted = request.scope.clone();
    let mut position = 0;
    granted.retain(|value| {
        let kept = value.as_str() == "atproto" || is_ticked(position);
        position += 1;
        kept
    });
    if !granted.contains_str("transition:generic") {
        granted.retain(|value| value.as_str() != "transition:chat.bsky");
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    //
    #[test]
    fn the_grant_is_what_stayed_ticked_and_always_atproto() {
        let asked = "transition:generic atproto transition:chat.bsky transition:email";
        let request = AuthorizationRequest {
            scope: ScopeSet::parse(asked).unwrap(),
            ..fixtures::request()
        };
        for (ticked, expected) in [
            (&[0, 1, 2, 3][..], asked),
            (&[], "atproto"),
            (&[3, 99], "atproto transition:email"),
            (&[2, 3], "atproto transition:email"),
            (&[0], "transition:generic atproto"),
        ] {
            assert_eq!(
                granted(&request, |at| ticked.contains(&at)).to_string(),
                expected,
                "{ticked:?}"
            );
        }
    }
}
