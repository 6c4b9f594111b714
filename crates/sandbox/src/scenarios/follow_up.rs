//! What people ask for after a scenario has ended: to retire the leftover account, or to undo the repair. A follow-up
//! is a scenario and the buttons that are clicked afterwards, each when the previous run has ended.

#[derive(Clone, Copy, Debug)]
pub struct FollowUp {
    pub name: &'static str,
    /// What happens, in one line.
    pub title: &'static str,
    /// The scenario before it.
    pub of: &'static str,
    /// The buttons, by action and by label.
    pub then: &'static [(&'static str, &'static str)],
}

const RETIRE_BUTTON: (&str, &str) = ("reinstate.retire", "Deactivate the left-over account");

/// Every follow-up. Each ends with access, because the retired account is not the person's own account.
pub static FOLLOW_UPS: &[FollowUp] = &[
    FollowUp {
        name: "left-over-retired-and-undone",
        title: "After the main job the idle account is deactivated, and then that is taken back.",
        of: "email-held",
        then: &[RETIRE_BUTTON, ("reinstate.undo", "Undo")],
    },
    FollowUp {
        name: "left-over-deleted",
        title: "After the main job the idle account is deactivated, and then scheduled for deletion.",
        of: "email-held",
        then: &[RETIRE_BUTTON, ("reinstate.retire", "Delete the left-over account")],
    },
];

/// A follow-up by its name.
#[must_use]
pub fn follow_up(name: &str) -> Option<&'static FollowUp> {
    FOLLOW_UPS.iter().find(|sequel| sequel.name == name)
}
