//! What is followed here of what somebody did on a PDS, without us.

use crate::account::AccountStatus;

use super::StatusChange;

/// What its PDS says of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnItsPds {
    /// It has no such account.
    Gone,
    /// It has it.
    There {
        /// Whether somebody there took it down.
        is_taken_down: bool,
        /// Whether it rests there.
        is_deactivated: bool,
    },
}

/// What is to be followed; nothing where both agree, or where it is not for a PDS to say.
///
/// Whose takedown it was that is over there is for the store to know. What is gone there is taken down rather than
/// deleted: a PDS that lost its accounts may find them again.
pub fn to_follow(ours: AccountStatus, there: OnItsPds) -> Option<StatusChange> {
    match (ours, there) {
        (AccountStatus::TakenDown, OnItsPds::Gone) => None,
        (AccountStatus::TakenDown, OnItsPds::There { is_taken_down, .. }) => {
            (!is_taken_down).then_some(StatusChange::Restored)
        }
        (_, OnItsPds::Gone) => Some(StatusChange::TakenDown {
            reference: Some(GONE.to_owned()),
        }),
        (
            _,
            OnItsPds::There {
                is_taken_down: true, ..
            },
        ) => Some(StatusChange::TakenDown { reference: None }),
        (
            AccountStatus::Active,
            OnItsPds::There {
                is_deactivated: true, ..
            },
        ) => Some(StatusChange::Deactivated),
        _ => None,
    }
}

/// What the case is called of an account that its PDS does not have any more.
const GONE: &str = "gone from its PDS";

#[cfg(test)]
mod tests {
    use super::*;
    use AccountStatus::{Active, Deactivated, TakenDown};

    #[test]
    fn what_a_pds_says_is_followed_where_it_is_its_to_say() {
        let there = |is_taken_down, is_deactivated| OnItsPds::There {
            is_taken_down,
            is_deactivated,
        };
        let down = || Some(StatusChange::TakenDown { reference: None });
        let gone = || {
            Some(StatusChange::TakenDown {
                reference: Some(GONE.to_owned()),
            })
        };
        #[rustfmt::skip]
        let table = [
            (Active, there(false, false), None),
            (Active, there(false, true), Some(StatusChange::Deactivated)),
            (Active, there(true, false), down()),
            (Active, there(true, true), down()),
            (Active, OnItsPds::Gone, gone()),
            // its owner switches it on here, and nowhere else
            (Deactivated, there(false, false), None),
            (Deactivated, there(false, true), None),
            (Deactivated, there(true, true), down()),
            (Deactivated, OnItsPds::Gone, gone()),
            (TakenDown, there(false, false), Some(StatusChange::Restored)),
            (TakenDown, there(false, true), Some(StatusChange::Restored)),
            (TakenDown, there(true, false), None),
            (TakenDown, OnItsPds::Gone, None),
        ];
        for (ours, there, followed) in table {
            assert_eq!(to_follow(ours, there), followed, "{ours:?} {there:?}");
        }
    }
}
