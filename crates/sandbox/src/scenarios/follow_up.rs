//! What people ask for once a story has ended: the account that was left over is retired, and what was done is taken
//! back. A sequel is a story and the buttons that are clicked afterwards, each when the run before has ended.

#[derive(Clone, Copy, Debug)]
pub struct FollowUp {
    pub name: &'static str,
    /// What happens, in one line.
    pub title: &'static str,
    /// The story before it.
    pub of: &'static str,
    /// The buttons, by action and by what they say.
    pub then: &'static [(&'static str, &'static str)],
}

const RETIRE_BUTTON: (&str, &str) = ("reinstate.retire", "Retire the account left over");

/// Every sequel. Access is there at the end of each: what is retired is not the person's own account.
pub static FOLLOW_UPS: &[FollowUp] = &[
    FollowUp {
        name: "left-over-retired-and-undone",
        title: "After the main job the idle account is deactivated, and then that is taken back.",
        of: "email-held",
        then: &[RETIRE_BUTTON, ("reinstate.undo", "Undo what was done")],
    },
    FollowUp {
        name: "left-over-deleted",
        title: "After the main job the idle account is deactivated, and then scheduled for deletion.",
        of: "email-held",
        then: &[RETIRE_BUTTON, ("reinstate.retire", "Delete the account left over")],
    },
];

/// A sequel by its name.
#[must_use]
pub fn follow_up(name: &str) -> Option<&'static FollowUp> {
    FOLLOW_UPS.iter().find(|sequel| sequel.name == name)
}
