//! How the executor goes on after a turn that did not end with a new fold: read again, sleep, or give up the lease. It must
//! never decide which step comes next. `next()` decides that.

use super::{JournalError, UNREADABLE_PAUSE};
use reinstate_store::{AppendError, Sleep, StoreError};

/// What happens to a run or a sweep that does not go on with the fold at hand.
pub(super) enum Advance {
    /// Something was written that the fold at hand does not hold: read it and fold again.
    Again,
    /// Released until then, or until an append wakes it.
    Sleep(Sleep),
    /// Another process has the lease.
    Lost,
    /// The store failed; try again soon.
    StoreFailed(String),
}

impl From<StoreError> for Advance {
    fn from(error: StoreError) -> Self {
        Self::from(JournalError::Store(error))
    }
}

impl From<JournalError> for Advance {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Append(AppendError::Conflict { .. }) => Self::Again,
            JournalError::Append(AppendError::LeaseLost) => Self::Lost,
            JournalError::Append(AppendError::Ended) => Self::Sleep(Sleep::ForEver),
            JournalError::Append(_) | JournalError::Store(_) => Self::StoreFailed(error.to_string()),
            // The fold refused what this program wanted to write. It would want the same again.
            error => {
                tracing::error!(%error, "an entry cannot be read or was refused, so the run or sweep stands still");
                Self::Sleep(Sleep::For(UNREADABLE_PAUSE))
            }
        }
    }
}
