//! Every sentence that is not part of a card. Each says what happened, why, and what to do next. Pure.

use std::time::Duration;

use super::command::Misunderstood;
use super::markup::Markup;
use crate::config::{Access, Grant};
use crate::core::{Actor, Denied, Role};

/// The commands, each with the role it needs.
#[must_use]
pub fn help() -> Markup {
    Markup::new().ours(
        "*What Reinstate understands*\n\
         WHO is an e-mail address, a mention or an Atlassian account id.\n\
         • `/reinstate check WHO` – find out why somebody has no access; reads only (role: viewer)\n\
         • `/reinstate repair WHO` – find out and repair, asking for approval where one is needed (role: operator)\n\
         • `/reinstate sweep` – check every managed account (role: operator)\n\
         • `/reinstate status [RUN]` – what runs and what waits for whom (role: viewer)\n\
         • `/reinstate history WHO` – every run on that account (role: viewer)\n\
         • `/reinstate cancel RUN` – stop before the next step (role: requester or approver)\n\
         • `/reinstate undo RUN` – plan the inverse steps (role: operator)\n\
         • `/reinstate me` – check your own account (role: none, members only)\n\
         • `/reinstate whoami` – your roles and the rules that give them (role: none)\n\
         • `/reinstate help` – this list (role: none)",
    )
}

/// Text that is no command.
#[must_use]
pub fn misunderstood(what: &Misunderstood) -> Markup {
    Markup::new().ours(what.reason).ours("\nThe nearest correct form: `").ours(what.form).ours("`")
}

/// A command that this version does not carry out yet.
#[must_use]
pub fn not_yet() -> Markup {
    Markup::new().ours("That is not available yet. Nothing was done.\n").then(&help())
}

/// A command of another app.
#[must_use]
pub fn not_ours() -> Markup {
    Markup::new().ours("This bot only answers `/reinstate`; try `/reinstate help`.")
}

/// The run has begun.
#[must_use]
pub fn begun(run: &str, again: bool) -> Markup {
    let words = if again { "The run had begun already: run " } else { "The run has begun: run " };
    Markup::new().ours(words).code(run).ours(". Its card shows how it goes.")
}

/// The run could not be written down.
#[must_use]
pub fn not_written() -> Markup {
    Markup::new().ours(
        "Nothing was started: the run could not be written down, because the database did not answer. \
         Please try again in a minute; if it stays so, tell the people who run Reinstate.",
    )
}

/// Too much is going on.
#[must_use]
pub fn busy() -> Markup {
    Markup::new()
        .ours("Too much is going on right now, so nothing was started. Please try again in a minute.")
}

/// The minute's share of checks is used up.
#[must_use]
pub fn too_often(wait: Duration) -> Markup {
    let seconds = usize::try_from(wait.as_secs().max(1)).unwrap_or(60);
    Markup::new()
        .ours("You have asked for 5 checks within a minute, which is the limit. Nothing was read. Try again in ")
        .number(seconds)
        .ours(" seconds.")
}

/// Reading takes longer than usual.
#[must_use]
pub fn still_reading() -> Markup {
    Markup::new().ours("Still reading; the answer follows here.")
}

/// A refusal, with the role that is missing and who has it.
#[must_use]
pub fn denied(denied: Denied, access: &Access) -> Markup {
    let text = Markup::new().data(&denied.to_string());
    match denied.missing_role() {
        Some(role) => text.ours(" ").then(&holders(role, access)),
        None => text,
    }
}

/// Who has a role.
#[must_use]
pub fn holders(role: Role, access: &Access) -> Markup {
    let mut parts = Vec::new();
    for grant in grants(role, access) {
        parts.extend(grant.users.iter().take(20).map(|id| Markup::new().user(id)));
        parts.extend(grant.usergroups.iter().take(20).map(|id| Markup::new().group(id)));
    }
    parts.dedup();
    if parts.is_empty() {
        return Markup::new().ours("Nobody has it; ask the people who run Reinstate.");
    }
    Markup::new().ours("These have it: ").then(&Markup::list(&parts, ", ")).ours(".")
}

fn grants(role: Role, access: &Access) -> Vec<&Grant> {
    match role {
        Role::Viewer => vec![&access.viewer, &access.operator],
        Role::Operator => vec![&access.operator],
        Role::Approver => vec![&access.approver],
    }
}

/// Who may approve, to be mentioned.
#[must_use]
pub fn approvers(access: &Access, but: &[String]) -> Markup {
    let users = access.approver.users.iter().filter(|id| !but.contains(id)).take(20);
    let groups = access.approver.usergroups.iter().take(20);
    let parts: Vec<Markup> =
        users.map(|id| Markup::new().user(id)).chain(groups.map(|id| Markup::new().group(id))).collect();
    Markup::list(&parts, " ")
}

/// The roles of a person, with the rules.
#[must_use]
pub fn whoami(actor: &Actor, home_known: bool) -> Markup {
    use crate::core::access::Standing;
    let text = Markup::new().ours("You are ").user(&actor.id).ours(". ");
    if !home_known || actor.standing == Standing::Unknown {
        return text.ours(
            "Slack did not answer who you are, so nobody has a role right now. Please try again in a minute.",
        );
    }
    match actor.standing {
        Standing::Stranger => return text.data(&Denied::Stranger.to_string()),
        Standing::Guest => return text.data(&Denied::Guest.to_string()),
        Standing::Deactivated => return text.data(&Denied::Deactivated.to_string()),
        Standing::Bot => return text.data(&Denied::Bot.to_string()),
        Standing::Member | Standing::Unknown => {}
    }
    let mut lines: Vec<Markup> = actor
        .roles
        .iter()
        .map(|(role, rule)| Markup::new().ours("• ").ours(role.word()).ours(", through ").data(rule))
        .collect();
    if lines.is_empty() {
        lines.push(Markup::new().ours("• none"));
    }
    if !actor.roles_complete {
        lines.push(Markup::new().ours("Some user groups could not be read, so there may be more."));
    }
    text.ours("Your roles:\n").then(&Markup::lines(&lines, 2000))
}
