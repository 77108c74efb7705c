//! How much the sandbox keeps, besides what any directory takes.

use super::Refusal;

/// Whether there is room for one more: the sandbox keeps everything in memory.
pub(super) fn check_growth(dids: usize, operations: usize) -> Result<(), Refusal> {
    if operations >= OPERATIONS_MAX {
        return Err(Refusal::Limit("this sandbox keeps no more operations of one DID"));
    }
    if operations == 0 && dids >= DIDS_MAX {
        return Err(Refusal::Limit("this sandbox keeps no more DIDs"));
    }
    Ok(())
}

/// A restart on another port takes one operation of every account.
const OPERATIONS_MAX: usize = 10_000;

/// Some 100 MB at the size of an ordinary account.
const DIDS_MAX: usize = 100_000;
