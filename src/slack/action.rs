//! The ids that we give to buttons, shortcuts and modals, and that Slack sends back when one is used. Messages that
//! were posted long ago still carry them, so an id must never change or get another meaning.

/// What every id begins with, so that one of another version is told from one that is not ours.
const PREFIX: &str = "reinstate.";

/// What a button asks for; its id is Slack's `action_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonAction {
    /// Approves the plan of a run, or the list of a sweep.
    Approve,
    /// Calls the admins; stands under the answer to `me`.
    AskForHelp,
    /// Stops a run or a sweep.
    Cancel,
    /// Opens the picker of people.
    CheckPerson,
    /// The picker itself, whose choice is sent at once.
    CheckPicked,
    /// Declines a plan or a list.
    Decline,
    /// Opens the modal with everything a run knows.
    Details,
    /// Checks one's own access.
    Me,
    /// Picks the account to be kept, of several that WHO could mean.
    Pick,
    /// Reads everything again, and changes nothing.
    Recheck,
    /// Begins a repair.
    Repair,
    /// Begins a run that retires the account left over.
    Retire,
    /// Lets a run or a sweep that waits for a person go on.
    Retry,
    /// The person no longer wants to be told that they lost access.
    StopTelling,
    /// Shows a page of the repairs that need an approval each.
    SweepPage,
    /// Pauses the repairs of a sweep.
    SweepPause,
    /// Asks for the harmless repairs of a sweep.
    SweepRepair,
    /// The person wants to be told again.
    TellAgain,
    /// Begins a run that takes back what another one did.
    Undo,
}

impl ButtonAction {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Approve,
        Self::AskForHelp,
        Self::Cancel,
        Self::CheckPerson,
        Self::CheckPicked,
        Self::Decline,
        Self::Details,
        Self::Me,
        Self::Pick,
        Self::Recheck,
        Self::Repair,
        Self::Retire,
        Self::Retry,
        Self::SweepPage,
        Self::SweepPause,
        Self::SweepRepair,
        Self::Undo,
        Self::StopTelling,
        Self::TellAgain,
    ];

    /// As Slack sends it back.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Approve => "reinstate.approve",
            Self::AskForHelp => "reinstate.ask_for_help",
            Self::Cancel => "reinstate.cancel",
            Self::CheckPerson => "reinstate.check_person",
            Self::CheckPicked => "reinstate.check_picked",
            Self::Decline => "reinstate.decline",
            Self::Details => "reinstate.details",
            Self::Me => "reinstate.me",
            Self::Pick => "reinstate.pick",
            Self::Recheck => "reinstate.recheck",
            Self::Repair => "reinstate.repair",
            Self::Retire => "reinstate.retire",
            Self::Retry => "reinstate.retry",
            Self::StopTelling => "reinstate.stop_telling",
            Self::SweepPage => "reinstate.sweep_page",
            Self::SweepPause => "reinstate.sweep_pause",
            Self::SweepRepair => "reinstate.sweep_repair",
            Self::TellAgain => "reinstate.tell_again",
            Self::Undo => "reinstate.undo",
        }
    }

    /// Reads an id.
    ///
    /// # Errors
    /// [`UnknownId`], for an id that this version does not know.
    pub fn parse(id: &str) -> Result<Self, UnknownId> {
        Self::ALL.into_iter().find(|action| action.id() == id).ok_or_else(|| UnknownId::of(id))
    }
}

/// An id that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownId {
    /// Ours, of another version.
    OtherVersion,
    /// Not ours.
    Foreign,
}

impl UnknownId {
    fn of(id: &str) -> Self {
        if id.starts_with(PREFIX) { Self::OtherVersion } else { Self::Foreign }
    }
}

/// A shortcut; its id is the `callback_id` in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortcutCallback {
    /// On a message: checks its author.
    CheckMessage,
    /// From anywhere: opens the picker of people.
    CheckPerson,
}

impl ShortcutCallback {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CheckMessage, Self::CheckPerson];

    /// As the manifest has it, and as Slack sends it back.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::CheckMessage => "reinstate.check_message",
            Self::CheckPerson => "reinstate.check_person",
        }
    }

    /// Reads an id; none if this version does not know it.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|callback| callback.id() == id)
    }
}

/// A modal that can be submitted; its id is the `callback_id` of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModalCallback {
    /// Shows all that is approved.
    Approve,
    /// Asks why a plan is declined.
    Decline,
}

impl ModalCallback {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Approve, Self::Decline];

    /// As Slack sends it back.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Approve => "reinstate.approve",
            Self::Decline => "reinstate.decline",
        }
    }

    /// Reads an id; none if this version does not know it.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|callback| callback.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages in Slack carry these ids: this list must not change, except at its end.
    const IDS: [&str; 19] = [
        "reinstate.approve",
        "reinstate.ask_for_help",
        "reinstate.cancel",
        "reinstate.check_person",
        "reinstate.check_picked",
        "reinstate.decline",
        "reinstate.details",
        "reinstate.me",
        "reinstate.pick",
        "reinstate.recheck",
        "reinstate.repair",
        "reinstate.retire",
        "reinstate.retry",
        "reinstate.sweep_page",
        "reinstate.sweep_pause",
        "reinstate.sweep_repair",
        "reinstate.undo",
        "reinstate.stop_telling",
        "reinstate.tell_again",
    ];

    #[test]
    fn every_action_is_read_again_from_its_id() {
        assert_eq!(ButtonAction::ALL.map(ButtonAction::id), IDS);
        assert_eq!(IDS.map(ButtonAction::parse), ButtonAction::ALL.map(Ok));
    }

    #[test]
    fn an_unknown_action_is_ours_or_foreign_by_its_prefix() {
        for id in ["reinstate.", "reinstate.approve2", "reinstate.Approve"] {
            assert_eq!(ButtonAction::parse(id), Err(UnknownId::OtherVersion), "{id}");
        }
        for id in ["", "approve", "other.reinstate.approve", " reinstate.approve"] {
            assert_eq!(ButtonAction::parse(id), Err(UnknownId::Foreign), "{id}");
        }
    }

    #[test]
    fn every_callback_is_read_again_from_its_id() {
        assert_eq!(
            ShortcutCallback::ALL.map(ShortcutCallback::id),
            ["reinstate.check_message", "reinstate.check_person"]
        );
        assert_eq!(ModalCallback::ALL.map(ModalCallback::id), ["reinstate.approve", "reinstate.decline"]);
        for callback in ShortcutCallback::ALL {
            assert_eq!(ShortcutCallback::parse(callback.id()), Some(callback));
        }
        for callback in ModalCallback::ALL {
            assert_eq!(ModalCallback::parse(callback.id()), Some(callback));
        }
        assert_eq!(
            (ShortcutCallback::parse("reinstate.me"), ModalCallback::parse("reinstate.me")),
            (None, None)
        );
    }
}
