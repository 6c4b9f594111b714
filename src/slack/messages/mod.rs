//! Every sentence that is not part of a card. Each one says what happened, why, and what to do next. Pure.

pub mod click;
pub(crate) mod figures;
mod me;
pub(crate) mod picture;
mod reason;
mod refusal;
mod sweep;
mod unresolved;
mod upload;
mod warning;
mod which_run;

pub use me::{PlainWords, plain};
pub use reason::{end_message, end_reason, pause_detail, pause_message};
pub(crate) use refusal::refused;
pub(crate) use sweep::{feed_name, not_watched, sweep_end};
pub use sweep::{
    history_of_a_sweep, joined_sweep_over, part_stopped, sweep_begun, sweep_joined, sweep_over,
    sweep_stopped, sweep_waits,
};
pub use unresolved::Unresolved;
pub use upload::no_table;
pub(crate) use warning::warning;
pub use which_run::{several_runs, several_runs_unlisted};

use std::time::Duration;

use super::command::ParseError;
use super::markup::Markup;
use crate::config::{Access, Grant};
use reinstate_core::diagnose::AppChoice;
use reinstate_core::{Actor, Denied, Outcome, Role};

/// The commands, each with the role it needs.
#[must_use]
pub fn help() -> Markup {
    Markup::new().literal(
        "*What Reinstate understands*\n\
         WHO is an e-mail address, a mention or an Atlassian account id. RUN is the id of a run or a sweep, from its card; its first or last 4 characters are enough if no other id has them.\n\
         • `/reinstate check WHO [APP]` – find out why somebody has no access, or cannot open one app; reads only (role: viewer)\n\
         • `/reinstate repair WHO` – find out and repair, asking for approval where one is needed (role: operator)\n\
         • `/reinstate sweep` – check every managed account (role: operator)\n\
         • `/reinstate status [RUN]` – what runs and what waits for whom (role: viewer)\n\
         • `/reinstate history WHO` – every run on that account (role: viewer)\n\
         • `/reinstate report` – what repairs achieved in the last 30 days, without names (role: viewer)\n\
         • `/reinstate cancel RUN` – stop before the next step (role: requester or approver)\n\
         • `/reinstate undo RUN` – plan the inverse steps (role: operator)\n\
         • `/reinstate me` – check your own account (role: none, members only)\n\
         • `/reinstate whoami` – your roles and the rules that give them (role: none)\n\
         • `/reinstate help` – this list (role: none)",
    )
}

/// The text is not a command.
#[must_use]
pub fn misunderstood(what: &ParseError) -> Markup {
    Markup::new()
        .literal(what.reason)
        .literal("\nThe nearest correct form: `")
        .literal(what.form)
        .literal("`")
}

/// APP does not mean exactly one app.
#[must_use]
pub fn unclear_app(choice: &AppChoice) -> Markup {
    let text = Markup::new().code(&choice.asked);
    let text = if choice.several {
        text.literal(" means several apps. Use more of the name of one of these:")
    } else {
        text.literal(" means no app of the organization. These are its apps:")
    };
    let mut lines = vec![text];
    lines.extend(choice.apps.iter().map(|app| Markup::new().literal("• ").escaped(&app.to_string())));
    Markup::lines(&lines, 2900)
}

/// This version does not support the command yet.
#[must_use]
pub fn not_yet() -> Markup {
    Markup::new().literal("That is not available yet. Nothing was done.\n").then(&help())
}

/// The command belongs to another app.
#[must_use]
pub fn not_ours() -> Markup {
    Markup::new().literal("This bot only answers `/reinstate`; try `/reinstate help`.")
}

#[must_use]
pub fn begun(run: &str, again: bool) -> Markup {
    let words = if again { "The run had begun already: run " } else { "The run has begun: run " };
    Markup::new().literal(words).code(run).literal(". Its card shows how it goes.")
}

/// The run could not be written to the journal.
#[must_use]
pub fn not_written() -> Markup {
    Markup::new().literal(
        "Nothing was started: the run could not be written down, because the database did not answer. \
         Please try again in a minute; if it stays so, tell the people who run Reinstate.",
    )
}

/// It is unknown whether the run was written to the journal.
#[must_use]
pub fn perhaps_written(run: &str) -> Markup {
    Markup::new()
        .literal("The database did not answer, so it is not known whether run ")
        .code(run)
        .literal(" was started. Type `/reinstate status` in a minute before you ask again.")
}

/// The command was typed too long ago.
#[must_use]
pub fn overdue() -> Markup {
    Markup::new().literal(
        "The command reached the bot more than 15 minutes after it was sent, so nothing was done. \
         Please type it again if it is still wanted.",
    )
}

/// The shortcut was used on a message that no person wrote.
#[must_use]
pub fn no_author() -> Markup {
    Markup::new().literal(
        "That message was not written by a person, so there is nobody to check. \
         Type `/reinstate check WHO` instead.",
    )
}

/// Slack opened no modal. Slack allows three seconds.
#[must_use]
pub fn no_modal() -> Markup {
    Markup::new().literal("Slack could not open the window in time. Nothing was done; please click again.")
}

/// The journal or the cards cannot be read.
#[must_use]
pub fn no_store() -> Markup {
    Markup::new().literal("The database did not answer, so nothing was done. Please try again in a minute.")
}

/// The journal of this run cannot be read.
#[must_use]
pub fn unreadable(id: &str) -> Markup {
    Markup::new()
        .literal("The journal of ")
        .code(id)
        .literal(" cannot be read, because an entry was erased, changed or written by another version. ")
        .literal("Please tell the people who run Reinstate: the log says which entry it is.")
}

#[must_use]
pub fn no_run() -> Markup {
    Markup::new().literal("There is no such run. Type `/reinstate status` to see the open ones.")
}

#[must_use]
pub fn nothing_open() -> Markup {
    Markup::new().literal("Nothing runs and nothing waits.")
}

/// The title of the list of open runs.
#[must_use]
pub fn open_runs(count: usize) -> Markup {
    Markup::new().literal("*Open runs*: ").number(count)
}

/// The title of the list of runs on an account.
#[must_use]
pub fn runs_on(who: &str, count: usize) -> Markup {
    Markup::new().literal("*Runs on ").escaped(who).literal("*, newest first: ").number(count)
}

/// No run on that account was ever requested.
#[must_use]
pub fn no_history(who: &str) -> Markup {
    Markup::new().literal("There has been no run on ").escaped(who).literal(".")
}

/// A person without an address cannot check their own account.
#[must_use]
pub fn no_own_address() -> Markup {
    Markup::new().literal(
        "Slack shows no e-mail address for you, so your Atlassian account could not be looked up. \
         Nothing was read. Please ask your help desk directly.",
    )
}

/// The admins were asked for help.
#[must_use]
pub fn help_is_asked(channel: &str) -> Markup {
    Markup::new()
        .literal("Your admins have been asked for help, in ")
        .channel(channel)
        .literal(". They see what was found. You need not do anything else; they will write to you.")
}

/// Tells the person who asked for help how the repair ended. The words are plain, and name nobody.
#[must_use]
pub fn helped(outcome: Outcome) -> Markup {
    Markup::new().literal(match outcome {
        Outcome::Restored | Outcome::Done => {
            "Your admins have repaired your Atlassian access. If an app still shows nothing, sign out there and in again."
        }
        Outcome::Healthy => {
            "Your admins have looked at your Atlassian access, and it is in order now. If an app still shows nothing, sign out there and in again."
        }
        _ => {
            "Your admins have looked at your Atlassian access. It is not repaired yet, and they know what is missing. You need not ask again."
        }
    })
}

/// The admins were already asked today.
#[must_use]
pub fn help_was_asked() -> Markup {
    Markup::new().literal(
        "You have asked your admins for help today already, so they were not asked again. \
         You can ask again tomorrow.",
    )
}

/// The admins could not be asked.
#[must_use]
pub fn help_not_asked(access: &Access) -> Markup {
    Markup::new()
        .literal("Your call for help could not be delivered to the admins' channel. Please write to them yourself. ")
        .then(&holders(Role::Operator, access))
}

/// The card cannot be posted in the channel for approvals.
#[must_use]
pub fn wrong_channel(channel: &str) -> Markup {
    Markup::new().literal("The card of this run and its approvals cannot be posted: ").channel(channel).literal(
        " is archived, shared with another company, cannot be read, Reinstate is not a member, or the rules of \
         the channel do not let Reinstate post. Invite Reinstate to a channel of this workspace alone and name it \
         as `slack.channel`.",
    )
}

/// The channel of the card is gone.
#[must_use]
pub fn card_moved(from: &str, to: &str) -> Markup {
    Markup::new()
        .literal("The card of your run could no longer be kept up to date in ")
        .channel(from)
        .literal(": the channel was archived, or Reinstate was removed from it. The run goes on; its card now stands in ")
        .channel(to)
        .literal(".")
}

/// Somebody deleted the card.
#[must_use]
pub fn card_again(channel: &str) -> Markup {
    Markup::new()
        .literal("Somebody deleted the card of your run in ")
        .channel(channel)
        .literal(". The run goes on; there is a new card.")
}

/// Slack did not accept the whole card.
#[must_use]
pub fn card_in_short() -> Markup {
    Markup::new().literal("Slack did not take the whole card. *Details* shows the rest.")
}

/// The card could not be updated.
#[must_use]
pub fn card_renewed(channel: &str, code: &str) -> Markup {
    Markup::new()
        .literal("Slack no longer lets Reinstate update a card of your run in ")
        .channel(channel)
        .literal(" (")
        .code(code)
        .literal("). The run goes on, and there is a new card. The buttons on the old card do nothing.")
}

/// The card could not be posted. `asks` means that it requests an approval.
#[must_use]
pub fn card_refused(run: &str, channel: &str, code: &str, asks: bool) -> Markup {
    let text = Markup::new()
        .literal("Slack refuses the card of your run in ")
        .channel(channel)
        .literal(" (")
        .code(code)
        .literal("). ");
    let text = if asks {
        text.literal("It asks for an approval, so the run waits, and nobody can approve it yet. ")
    } else {
        text.literal("The run goes on. ")
    };
    text.literal("Reinstate tries again every half minute. Type `/reinstate status ")
        .escaped(run)
        .literal("` to follow the run, or `/reinstate cancel ")
        .escaped(run)
        .literal("` to stop it. Tell the people who run Reinstate.")
}

/// Too many tasks are running.
#[must_use]
pub fn busy() -> Markup {
    Markup::new()
        .literal("Too much is going on right now, so nothing was started. Please try again in a minute.")
}

/// The limit of checks in one minute is used up.
#[must_use]
pub fn too_often(wait: Duration) -> Markup {
    let seconds = usize::try_from(wait.as_secs().max(1)).unwrap_or(60);
    Markup::new()
        .literal("You have asked for 5 checks within a minute, which is the limit. Nothing was read. Try again in ")
        .number(seconds)
        .literal(" seconds.")
}

/// The reading takes longer than usual.
#[must_use]
pub fn still_reading() -> Markup {
    Markup::new().literal("Still reading; the answer follows here.")
}

/// A refusal, with the missing role and the people who have it.
#[must_use]
pub fn denied(denied: Denied, access: &Access) -> Markup {
    let text = Markup::new().escaped(&denied.to_string());
    match denied.missing_role() {
        Some(role) => text.literal(" ").then(&holders(role, access)),
        None => text,
    }
}

/// A run that was refused, or that found another open run on the account.
#[must_use]
pub fn not_begun(says: &str, first_card: Option<&str>, holders: Option<&Markup>) -> Markup {
    let text = Markup::new().escaped(says);
    match (first_card, holders) {
        (Some(link), _) => text.literal(" ").link(link, "Its card").literal("."),
        (None, Some(holders)) => text.literal(" ").then(holders),
        (None, None) => text,
    }
}

/// Whom a reader can ask for a repair that they may not begin.
#[must_use]
pub fn ask_instead(access: &Access) -> Markup {
    let people = mentions(&access.operator, &[]);
    if people.is_empty() {
        return Markup::new().literal("Nobody has the role operator; ask the people who run Reinstate.");
    }
    Markup::new().literal("Ask ").then(&people).literal(" for it.")
}

#[must_use]
pub fn holders(role: Role, access: &Access) -> Markup {
    let mut parts = Vec::new();
    for grant in grants(role, access) {
        parts.extend(grant.users.iter().take(20).map(|id| Markup::new().user(id)));
        parts.extend(grant.usergroups.iter().take(20).map(|id| Markup::new().group(id)));
    }
    parts.dedup();
    if parts.is_empty() {
        return Markup::new().literal("Nobody has it; ask the people who run Reinstate.");
    }
    Markup::new().literal("These have it: ").then(&Markup::list(&parts, ", ")).literal(".")
}

fn grants(role: Role, access: &Access) -> Vec<&Grant> {
    match role {
        Role::Viewer => vec![&access.viewer, &access.operator],
        Role::Operator => vec![&access.operator],
        Role::Approver => vec![&access.approver],
    }
}

/// Mentions the approvers.
#[must_use]
pub fn approvers(access: &Access, but: &[String]) -> Markup {
    mentions(&access.approver, but)
}

/// Mentions the people and groups that have a role.
#[must_use]
pub fn mentions(grant: &Grant, but: &[String]) -> Markup {
    let users = grant.users.iter().filter(|id| !but.contains(id)).take(20);
    let groups = grant.usergroups.iter().take(20);
    let parts: Vec<Markup> =
        users.map(|id| Markup::new().user(id)).chain(groups.map(|id| Markup::new().group(id))).collect();
    Markup::list(&parts, " ")
}

/// The roles of a person, with the rules that grant them.
#[must_use]
pub fn whoami(actor: &Actor, home_known: bool) -> Markup {
    use reinstate_core::access::MembershipKind;
    let text = Markup::new().literal("You are ").user(&actor.id).literal(". ");
    if !home_known || actor.membership == MembershipKind::Unknown {
        return text.literal(
            "Slack did not answer who you are, so nobody has a role right now. Please try again in a minute.",
        );
    }
    match actor.membership {
        MembershipKind::Stranger => return text.escaped(&Denied::Stranger.to_string()),
        MembershipKind::Guest => return text.escaped(&Denied::Guest.to_string()),
        MembershipKind::Deactivated => return text.escaped(&Denied::Deactivated.to_string()),
        MembershipKind::Bot => return text.escaped(&Denied::Bot.to_string()),
        MembershipKind::Member | MembershipKind::Unknown => {}
    }
    let mut lines: Vec<Markup> = actor
        .roles
        .iter()
        .map(|(role, rule)| {
            Markup::new().literal("• ").literal(role.word()).literal(", through ").escaped(rule)
        })
        .collect();
    if lines.is_empty() {
        lines.push(Markup::new().literal("• none"));
    }
    if !actor.roles_complete {
        lines.push(Markup::new().literal("Some user groups could not be read, so there may be more."));
    }
    text.literal("Your roles:\n").then(&Markup::lines(&lines, 2000))
}
