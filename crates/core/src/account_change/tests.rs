use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

use super::*;
use crate::fixtures::{NOW, account};

mod crashes;
mod holding;
mod tables;
mod world;

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

fn rename() -> Change {
    Change::Handle {
        from: handle("old.test"),
        to: handle("new.test"),
    }
}

fn down(reference: Option<&str>) -> Change {
    Change::Status(StatusChange::TakenDown {
        reference: reference.map(str::to_owned),
    })
}

fn move_to(pds_did: &str) -> Change {
    Change::Move {
        to: pds_did.to_owned(),
        former: Former::Rests,
    }
}

const OFF: Change = Change::Status(StatusChange::Deactivated);
const ON: Change = Change::Status(StatusChange::Activated);
const RESTORED: Change = Change::Status(StatusChange::Restored);

/// Begun now.
fn begun(change: Change) -> AccountChange {
    AccountChange::begin(&account(), change, NOW)
}

fn at(change: Change, stage: Stage) -> AccountChange {
    AccountChange {
        stage,
        ..begun(change)
    }
}

fn plc(first: Option<&str>, is_ours_to_sign: bool) -> Document {
    Document::Plc {
        handle: first.map(handle),
        is_ours_to_sign,
    }
}
