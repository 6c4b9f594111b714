//! Every sentence that is not part of a card. Each says what happened, why, and what to do next. Pure.

pub mod click;
mod me;
mod unresolved;

pub use me::{Plain, plain};
pub use unresolved::Unresolved;

use std::time::Duration;

use super::command::Misunderstood;
use super::markup::Markup;
use crate::config::{Access, Grant};
use reinstate_core::{Actor, Denied, Role};

/// The commands, each with the role it needs.
#[must_use]
pub fn help() -> Markup {
    Markup::new().ours(
        "*What Reinstate understands*\n\
         WHO is an e-mail address, a mention or an Atlassian account id. RUN is the id on a card, of a run or of a sweep.\n\
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

/// Nobody knows whether the run was written down.
#[must_use]
pub fn perhaps_written(run: &str) -> Markup {
    Markup::new()
        .ours("The database did not answer, so it is not known whether run ")
        .code(run)
        .ours(" was started. Type `/reinstate status` in a minute before you ask again.")
}

/// The command was typed too long ago.
#[must_use]
pub fn overdue() -> Markup {
    Markup::new().ours(
        "The command reached the bot more than 15 minutes after it was sent, so nothing was done. \
         Please type it again if it is still wanted.",
    )
}

/// A shortcut on a message that no person wrote.
#[must_use]
pub fn no_author() -> Markup {
    Markup::new().ours(
        "That message was not written by a person, so there is nobody to check. \
         Type `/reinstate check WHO` instead.",
    )
}

/// Slack opened no modal: it allows three seconds.
#[must_use]
pub fn no_modal() -> Markup {
    Markup::new().ours("Slack could not open the window in time. Nothing was done; please click again.")
}

/// The journal or the cards cannot be read.
#[must_use]
pub fn no_store() -> Markup {
    Markup::new().ours("The database did not answer, so nothing was done. Please try again in a minute.")
}

/// A journal that cannot be read.
#[must_use]
pub fn unreadable(id: &str) -> Markup {
    Markup::new()
        .ours("The journal of ")
        .code(id)
        .ours(" cannot be read, because an entry was erased, changed or written by another version. ")
        .ours("Please tell the people who run Reinstate: the log says which entry it is.")
}

/// A run that is not there.
#[must_use]
pub fn no_run() -> Markup {
    Markup::new().ours("There is no such run. Type `/reinstate status` to see the open ones.")
}

/// The sweep has begun.
#[must_use]
pub fn sweep_begun(sweep: &str, channel: &str) -> Markup {
    Markup::new()
        .ours("The sweep ")
        .code(sweep)
        .ours(" has begun. It only reads. Its card stands in ")
        .channel(channel)
        .ours(".")
}

/// The table of a sweep could not be uploaded.
#[must_use]
pub fn no_table(code: &str) -> Markup {
    Markup::new()
        .ours("Slack does not take the table (")
        .code(code)
        .ours("). Reinstate needs the scope ")
        .code("files:write")
        .ours("; `reinstate sweep --csv FILE` writes the same table.")
}

/// Nothing is open.
#[must_use]
pub fn nothing_open() -> Markup {
    Markup::new().ours("Nothing runs and nothing waits.")
}

/// `history SWEEP`: what it is, where it stands, and how many runs it began. A list of these may follow.
#[must_use]
pub fn history_of_a_sweep(sweep: &str, line: &Markup, runs: usize) -> Markup {
    let text = Markup::new().ours("This is the id of a sweep, not of a person. ").then(line).ours(". ");
    let text = match runs {
        0 => text.ours("It has begun no repair. "),
        _ => text.ours("The repairs that it began, newest first: ").number(runs).ours(". "),
    };
    text.ours("Type `/reinstate status ").data(sweep).ours("` to see what it found.")
}

/// The title of the list of open runs.
#[must_use]
pub fn open_runs(count: usize) -> Markup {
    Markup::new().ours("*Open runs*: ").number(count)
}

/// The title of the list of runs on an account.
#[must_use]
pub fn runs_on(who: &str, count: usize) -> Markup {
    Markup::new().ours("*Runs on ").data(who).ours("*, newest first: ").number(count)
}

/// Nobody ever asked for a run on that account.
#[must_use]
pub fn no_history(who: &str) -> Markup {
    Markup::new().ours("There has been no run on ").data(who).ours(".")
}

/// Somebody without an address cannot check themselves.
#[must_use]
pub fn no_own_address() -> Markup {
    Markup::new().ours(
        "Slack shows no e-mail address for you, so your Atlassian account could not be looked up. \
         Nothing was read. Please ask your help desk directly.",
    )
}

/// The admins were asked for help.
#[must_use]
pub fn help_is_asked(channel: &str) -> Markup {
    Markup::new()
        .ours("Your admins have been asked for help, in ")
        .channel(channel)
        .ours(". They see what was found. You need not do anything else; they will write to you.")
}

/// They were asked today already.
#[must_use]
pub fn help_was_asked() -> Markup {
    Markup::new().ours(
        "You have asked your admins for help today already, so they were not asked again. \
         You can ask again tomorrow.",
    )
}

/// They could not be asked.
#[must_use]
pub fn help_not_asked(access: &Access) -> Markup {
    Markup::new()
        .ours("Your call for help could not be delivered to the admins' channel. Please write to them yourself. ")
        .then(&holders(Role::Operator, access))
}

/// The card cannot stand where approvals are asked.
#[must_use]
pub fn wrong_channel(channel: &str) -> Markup {
    Markup::new().ours("The card of this run and its approvals cannot be posted: ").channel(channel).ours(
        " is archived, shared with another company, cannot be read, Reinstate is not a member, or the rules of \
         the channel do not let Reinstate post. Invite Reinstate to a channel of this workspace alone and name it \
         as `slack.channel`.",
    )
}

/// The card's channel is gone.
#[must_use]
pub fn card_moved(from: &str, to: &str) -> Markup {
    Markup::new()
        .ours("The card of your run could no longer be kept up to date in ")
        .channel(from)
        .ours(": the channel was archived, or Reinstate was removed from it. The run goes on; its card now stands in ")
        .channel(to)
        .ours(".")
}

/// Somebody deleted the card.
#[must_use]
pub fn card_again(channel: &str) -> Markup {
    Markup::new()
        .ours("Somebody deleted the card of your run in ")
        .channel(channel)
        .ours(". The run goes on; there is a new card.")
}

/// Slack did not take a card as a whole.
#[must_use]
pub fn card_in_short() -> Markup {
    Markup::new().ours("Slack did not take the whole card. *Details* shows the rest.")
}

/// The card could not be updated.
#[must_use]
pub fn card_renewed(channel: &str, code: &str) -> Markup {
    Markup::new()
        .ours("Slack no longer lets Reinstate update a card of your run in ")
        .channel(channel)
        .ours(" (")
        .code(code)
        .ours("). The run goes on, and there is a new card. The buttons on the old card do nothing.")
}

/// The card could not be posted. `asks`: it asks for an approval.
#[must_use]
pub fn card_refused(run: &str, channel: &str, code: &str, asks: bool) -> Markup {
    let text = Markup::new()
        .ours("Slack refuses the card of your run in ")
        .channel(channel)
        .ours(" (")
        .code(code)
        .ours("). ");
    let text = if asks {
        text.ours("It asks for an approval, so the run waits, and nobody can approve it yet. ")
    } else {
        text.ours("The run goes on. ")
    };
    text.ours("Reinstate tries again every half minute. Type `/reinstate status ")
        .data(run)
        .ours("` to follow the run, or `/reinstate cancel ")
        .data(run)
        .ours("` to stop it. Tell the people who run Reinstate.")
}

/// The repairs of a sweep wait for a person, because something failed or because somebody pressed Pause.
#[must_use]
pub fn sweep_stopped(requester: &str, by: Option<&str>, why: &str) -> Markup {
    let text = Markup::new().user(requester);
    if let Some(by) = by {
        return text
            .ours(" The repairs of this sweep stand still: ")
            .user(by)
            .ours(" pressed *Pause*. Press *Go on* or *Stop* on the card above.");
    }
    text.ours(" The repairs of this sweep stopped and wait for an operator: ")
        .data(why.trim_end_matches('.'))
        .ours(". Look at what failed. Then press *Go on* or *Stop* on the card above.")
}

/// Calls the approvers to the card of a sweep.
#[must_use]
pub fn sweep_waits(access: &Access, requester: Option<&str>) -> Markup {
    let but: Vec<String> = requester.map(str::to_owned).into_iter().collect();
    approvers(access, &but).ours(" the list of repairs above waits for an approver.")
}

/// The repairs of a sweep have ended.
#[must_use]
pub fn sweep_over(requester: &str, says: &str) -> Markup {
    Markup::new().user(requester).ours(" the repairs of this sweep have ended. ").data(says)
}

/// A repair of a sweep waits for a person; it has no card.
#[must_use]
pub fn part_stopped(run: &str, whose: &Markup, why: &str) -> Markup {
    Markup::new()
        .ours("A repair of your sweep stopped, the one for ")
        .then(whose)
        .ours(". Why: ")
        .data(why.trim_end_matches('.'))
        .ours(". Type `/reinstate status ")
        .data(run)
        .ours("` to look at it. Type `/reinstate cancel ")
        .data(run)
        .ours("` to end it, then ask for a repair of this account by itself.")
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

/// A run that came second, or whose requester was refused.
#[must_use]
pub fn not_begun(says: &str, first_card: Option<&str>, holders: Option<&Markup>) -> Markup {
    let text = Markup::new().data(says);
    match (first_card, holders) {
        (Some(link), _) => text.ours(" ").link(link, "Its card").ours("."),
        (None, Some(holders)) => text.ours(" ").then(holders),
        (None, None) => text,
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
    mentions(&access.approver, but)
}

/// Those of a role, to be mentioned.
#[must_use]
pub fn mentions(grant: &Grant, but: &[String]) -> Markup {
    let users = grant.users.iter().filter(|id| !but.contains(id)).take(20);
    let groups = grant.usergroups.iter().take(20);
    let parts: Vec<Markup> =
        users.map(|id| Markup::new().user(id)).chain(groups.map(|id| Markup::new().group(id))).collect();
    Markup::list(&parts, " ")
}

/// The roles of a person, with the rules.
#[must_use]
pub fn whoami(actor: &Actor, home_known: bool) -> Markup {
    use reinstate_core::access::Standing;
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
