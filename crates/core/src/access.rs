//! Who may do what: one pure function. Identity comes from the signed Slack payload only; a lookup that failed is a
//! refusal to ask again, never a grant (docs/reference/rules.md#identity-comes-from-slack).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A role. `approver` is separate: an approver need not be an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// May check.
    Viewer,
    /// May check and repair.
    Operator,
    Approver,
}

impl Role {
    /// The word used in the configuration and in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
        }
    }
}

/// Whose person somebody is, as Slack says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MembershipKind {
    /// A full member of our workspace or enterprise.
    Member,
    Guest,
    /// Somebody of another workspace.
    Stranger,
    Deactivated,
    /// A bot or an app.
    Bot,
    /// It could not be looked up.
    Unknown,
}

/// A person who acts, looked up now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Slack user id.
    pub id: String,
    pub membership: MembershipKind,
    /// Roles, each with the rule that grants it.
    pub roles: Vec<(Role, String)>,
    /// Whether every look-up that could have granted a role was answered.
    pub roles_complete: bool,
    /// Slack address, lower case.
    pub email: Option<String>,
}

impl Actor {
    /// Whether the actor has a role; operators are viewers too.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.membership == MembershipKind::Member
            && self
                .roles
                .iter()
                .any(|(held, _)| *held == role || (role == Role::Viewer && *held == Role::Operator))
    }
}

/// What the actor's own identities are, as far as they could be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The plan touches the actor's own account.
    Yes,
    No,
    /// The actor's address leads to no user of the identity provider and to no account.
    Nobody,
    /// It could not be read.
    Unreadable,
}

/// Whether the actor has acted on the same plan before, under another Slack id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlierRole {
    No,
    Requester,
    Approver,
    /// It could not be read.
    Unreadable,
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read-only diagnosis of anybody.
    Check,
    /// Read-only diagnosis of one's own account, and a call for help: every member.
    CheckOneself,
    /// See what waits and what was done: those who check, and those who have to approve.
    Follow,
    Repair,
    Approve {
        /// Who asked for the run.
        requester: String,
        /// Whether it is the actor's own account.
        own: Ownership,
        /// Whether the actor is one of those below under another Slack id.
        same: EarlierRole,
        approved: BTreeSet<String>,
    },
    Decline {
        /// Who asked for the run.
        requester: String,
        /// Whether it is the actor's own in another way: their account, or their request under another Slack id.
        theirs: bool,
    },
    /// Stop a run before its next step.
    Cancel {
        /// Who asked for the run.
        requester: String,
    },
}

/// Proof that [`may`] said yes. Functions that change something take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    actor: String,
    rule: String,
}

impl Permit {
    /// The Slack user id it was given to.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The rule that granted it.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not one of our people.
    #[error("You are not a member of this workspace, so Reinstate takes nothing from you.")]
    Stranger,
    #[error("Guests have no role in Reinstate. Ask a member of the workspace.")]
    Guest,
    #[error("Your Slack account is deactivated, so it has no role in Reinstate.")]
    Deactivated,
    #[error("Bots and apps have no role in Reinstate.")]
    Bot,
    /// The look-up failed.
    #[error(
        "Slack did not answer who you are, so nobody has a role right now. Nothing was done; please try again in a minute."
    )]
    AskAgain,
    #[error("This needs the role {}.", .0.word())]
    Missing(Role),
    /// Four eyes.
    #[error("Nobody approves their own request. Another approver has to do it.")]
    OwnRequest,
    /// Four eyes on one's own account.
    #[error("Nobody approves a plan on their own account. Another approver has to do it.")]
    OwnAccount,
    /// Whether it is one's own could not be read.
    #[error(
        "Whether this is your own account could not be read, so your approval was not taken. Try again later, or another approver must decide."
    )]
    OwnUnreadable,
    /// Whether it is one's own cannot be told of an address that belongs to nobody.
    #[error(
        "Your Slack address belongs to nobody at the identity provider or at Atlassian. So nobody can tell whether this is your own account, and another approver must decide."
    )]
    OwnNobody,
    /// Four eyes, when the same person has two Slack ids.
    #[error(
        "You asked for this under another Slack account, and nobody approves their own request. Another approver must decide."
    )]
    SamePerson,
    /// Whether the approver is the requester could not be read.
    #[error(
        "Whether you and the person who asked are the same could not be read, so your approval was not taken. Try again in a minute. If it stays so, somebody else must ask for it."
    )]
    SameUnreadable,
    /// Once per person, when the same person has two Slack ids.
    #[error(
        "You have approved this plan already, under another Slack account. Another approver must decide."
    )]
    AlreadyAsAnother,
    /// Once per person.
    #[error("You have approved this plan already.")]
    Already,
}

impl Denied {
    /// Whether the reason lies in who the actor is to the plan, which another look at their roles does not change.
    #[must_use]
    pub fn is_about_the_plan(self) -> bool {
        match self {
            Self::OwnRequest
            | Self::OwnAccount
            | Self::OwnUnreadable
            | Self::OwnNobody
            | Self::SamePerson
            | Self::SameUnreadable
            | Self::AlreadyAsAnother
            | Self::Already => true,
            Self::Stranger
            | Self::Guest
            | Self::Deactivated
            | Self::Bot
            | Self::AskAgain
            | Self::Missing(_) => false,
        }
    }

    /// The role that would have been needed, if that was the reason.
    #[must_use]
    pub fn missing_role(self) -> Option<Role> {
        match self {
            Self::Missing(role) => Some(role),
            _ => None,
        }
    }
}

/// Whether an actor may do something. The bans that no configuration lifts come before every role, so that no
/// role can open a way round them.
///
/// # Errors
/// [`Denied`], with the reason for the person.
pub fn may(actor: &Actor, action: &Action) -> Result<Permit, Denied> {
    match actor.membership {
        MembershipKind::Member => {}
        MembershipKind::Guest => return Err(Denied::Guest),
        MembershipKind::Stranger => return Err(Denied::Stranger),
        MembershipKind::Deactivated => return Err(Denied::Deactivated),
        MembershipKind::Bot => return Err(Denied::Bot),
        MembershipKind::Unknown => return Err(Denied::AskAgain),
    }
    match action {
        Action::CheckOneself => Ok(Permit { actor: actor.id.clone(), rule: "member".to_owned() }),
        Action::Check => role(actor, Role::Viewer),
        Action::Follow => role(actor, Role::Approver).or_else(|_| role(actor, Role::Viewer)),
        Action::Repair => role(actor, Role::Operator),
        Action::Approve { requester, own, same, approved } => {
            if *requester == actor.id {
                return Err(Denied::OwnRequest);
            }
            let permit = role(actor, Role::Approver)?;
            match own {
                Ownership::Yes => return Err(Denied::OwnAccount),
                Ownership::Unreadable => return Err(Denied::OwnUnreadable),
                Ownership::Nobody => return Err(Denied::OwnNobody),
                Ownership::No => {}
            }
            match same {
                EarlierRole::Requester => return Err(Denied::SamePerson),
                EarlierRole::Approver => return Err(Denied::AlreadyAsAnother),
                EarlierRole::Unreadable => return Err(Denied::SameUnreadable),
                EarlierRole::No => {}
            }
            if approved.contains(&actor.id) { Err(Denied::Already) } else { Ok(permit) }
        }
        Action::Decline { theirs: true, .. } => {
            Ok(Permit { actor: actor.id.clone(), rule: "their own".to_owned() })
        }
        // Anyone may decline or stop what they asked for themselves.
        Action::Decline { requester, .. } | Action::Cancel { requester } if *requester == actor.id => {
            Ok(Permit { actor: actor.id.clone(), rule: "own request".to_owned() })
        }
        Action::Decline { .. } | Action::Cancel { .. } => role(actor, Role::Approver),
    }
}

fn role(actor: &Actor, role: Role) -> Result<Permit, Denied> {
    let rule = actor
        .roles
        .iter()
        .find(|(held, _)| *held == role || (role == Role::Viewer && *held == Role::Operator));
    match rule {
        Some((_, rule)) => Ok(Permit { actor: actor.id.clone(), rule: rule.clone() }),
        None if !actor.roles_complete => Err(Denied::AskAgain),
        None => Err(Denied::Missing(role)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(id: &str, roles: &[Role]) -> Actor {
        Actor {
            id: id.to_owned(),
            membership: MembershipKind::Member,
            roles: roles.iter().map(|role| (*role, "users".to_owned())).collect(),
            roles_complete: true,
            email: None,
        }
    }

    fn approve(requester: &str, own: Ownership) -> Action {
        approve_as(requester, own, EarlierRole::No)
    }

    fn approve_as(requester: &str, own: Ownership, same: EarlierRole) -> Action {
        Action::Approve { requester: requester.to_owned(), own, same, approved: BTreeSet::new() }
    }

    #[test]
    fn operators_are_viewers_and_approvers_are_neither() {
        assert!(may(&actor("U1", &[Role::Operator]), &Action::Check).is_ok());
        assert_eq!(may(&actor("U1", &[Role::Approver]), &Action::Check), Err(Denied::Missing(Role::Viewer)));
        assert_eq!(may(&actor("U1", &[Role::Viewer]), &Action::Repair), Err(Denied::Missing(Role::Operator)));
    }

    #[test]
    fn a_role_is_held_by_members_alone_and_its_word_and_rule_are_told() {
        let mut one = actor("U1", &[Role::Operator]);
        let held = |one: &Actor| [Role::Viewer, Role::Operator, Role::Approver].map(|role| one.has(role));
        assert_eq!(held(&one), [true, true, false]);
        assert_eq!(held(&actor("U1", &[Role::Viewer])), [true, false, false]);
        assert_eq!(held(&actor("U1", &[Role::Approver])), [false, false, true]);
        one.membership = MembershipKind::Guest;
        assert_eq!(held(&one), [false; 3]);
        assert_eq!(Denied::Missing(Role::Viewer).to_string(), "This needs the role viewer.");
        assert_eq!(Denied::Missing(Role::Approver).to_string(), "This needs the role approver.");
        let permit = may(&actor("U1", &[Role::Operator]), &Action::Repair).unwrap();
        assert_eq!((permit.actor(), permit.rule()), ("U1", "users"));
        assert_eq!(may(&actor("U1", &[]), &Action::CheckOneself).unwrap().rule(), "member");
    }

    #[test]
    fn what_somebody_else_asked_for_is_stopped_or_declined_by_approvers_alone() {
        let requester = || "U1".to_owned();
        let decline = |theirs| Action::Decline { requester: requester(), theirs };
        assert!(may(&actor("U2", &[]), &decline(true)).is_ok(), "anyone may decline their own");
        for action in [decline(false), Action::Cancel { requester: requester() }] {
            assert_eq!(may(&actor("U1", &[]), &action).unwrap().rule(), "own request");
            assert_eq!(may(&actor("U2", &[Role::Operator]), &action), Err(Denied::Missing(Role::Approver)));
            assert!(may(&actor("U2", &[Role::Approver]), &action).is_ok());
        }
    }

    #[test]
    fn every_member_may_check_themselves_and_approvers_see_what_they_are_asked() {
        assert!(may(&actor("U1", &[]), &Action::CheckOneself).is_ok());
        assert!(may(&actor("U1", &[Role::Approver]), &Action::Follow).is_ok());
        assert!(may(&actor("U1", &[Role::Operator]), &Action::Follow).is_ok());
        assert_eq!(may(&actor("U1", &[]), &Action::Follow), Err(Denied::Missing(Role::Viewer)));
        let mut guest = actor("U1", &[]);
        guest.membership = MembershipKind::Guest;
        assert_eq!(may(&guest, &Action::CheckOneself), Err(Denied::Guest));
    }

    #[test]
    fn nobody_approves_their_own_request_or_account_whatever_their_roles() {
        let all = [Role::Viewer, Role::Operator, Role::Approver];
        assert_eq!(may(&actor("U1", &all), &approve("U1", Ownership::No)), Err(Denied::OwnRequest));
        assert_eq!(may(&actor("U2", &all), &approve("U1", Ownership::Yes)), Err(Denied::OwnAccount));
        assert_eq!(
            may(&actor("U2", &all), &approve("U1", Ownership::Unreadable)),
            Err(Denied::OwnUnreadable)
        );
        assert!(may(&actor("U2", &all), &approve("U1", Ownership::No)).is_ok());
        assert_eq!(may(&actor("U2", &all), &approve("U1", Ownership::Nobody)), Err(Denied::OwnNobody));
        for (same, denied) in [
            (EarlierRole::Requester, Denied::SamePerson),
            (EarlierRole::Approver, Denied::AlreadyAsAnother),
            (EarlierRole::Unreadable, Denied::SameUnreadable),
        ] {
            assert_eq!(may(&actor("U2", &all), &approve_as("U1", Ownership::No, same)), Err(denied));
        }
        let decline = Action::Decline { requester: "U1".into(), theirs: false };
        assert!(may(&actor("U1", &[]), &decline).is_ok());
    }

    #[test]
    fn people_who_are_not_ours_have_no_role_and_a_failed_look_up_grants_nothing() {
        let mut one = actor("U1", &[Role::Operator, Role::Approver]);
        for (standing, denied) in [
            (MembershipKind::Guest, Denied::Guest),
            (MembershipKind::Stranger, Denied::Stranger),
            (MembershipKind::Deactivated, Denied::Deactivated),
            (MembershipKind::Bot, Denied::Bot),
            (MembershipKind::Unknown, Denied::AskAgain),
        ] {
            one.membership = standing;
            assert_eq!(may(&one, &Action::Repair), Err(denied));
        }
        let mut unsure = actor("U1", &[]);
        unsure.roles_complete = false;
        assert_eq!(may(&unsure, &Action::Check), Err(Denied::AskAgain));
    }
}
