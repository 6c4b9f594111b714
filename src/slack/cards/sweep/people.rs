//! What can be done about the findings: the first people on the list of harmless repairs, each with the cause and the
//! step, and the numbers of the others.

use super::count;
use crate::slack::markup::Markup;
use reinstate_core::Cause;
use reinstate_core::short_id;
use reinstate_core::sweep::{SurveyResult, SweepFinding};

/// The maximum number of groups that are named in one line.
const MAX_GROUPS: usize = 2;

/// What can be done about the findings. After the sweep has ended, what could be done. The people are named while the
/// list is `offered`.
pub(super) fn repairs(surveyed: &SurveyResult, offered: bool, ended: bool) -> Markup {
    let harmless = surveyed.list.repairs().len();
    let can = if ended {
        " could be repaired harmlessly when the organization was read: what provisioning would do anyway."
    } else {
        " can be repaired harmlessly: what provisioning would do anyway."
    };
    let can = Markup::new().number(harmless).literal(can);
    let first: &[SweepFinding] = if offered { &surveyed.preview.first } else { &[] };
    if first.is_empty() {
        return can.literal(" ").then(&others(surveyed, ended));
    }
    let mut lines = vec![can];
    lines.extend(first.iter().map(|one| Markup::new().literal("• ").then(&person(one))));
    let more = harmless.saturating_sub(first.len());
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more, in the table"));
    }
    lines.push(others(surveyed, ended));
    Markup::lines(&lines, 2900)
}

/// The accounts that are not on the list.
fn others(surveyed: &SurveyResult, ended: bool) -> Markup {
    let tally = &surveyed.tally;
    let harmless = u64::try_from(surveyed.list.repairs().len()).unwrap_or(u64::MAX);
    let planned = harmless.saturating_add(surveyed.approvals);
    let rest = (tally.broken + tally.cannot_tell).saturating_sub(planned);
    let (need, others) = if ended {
        (
            " needed an approval each. ",
            " were for a person, or needed no approval and are repaired one by one. ",
        )
    } else {
        (" need an approval each. ", " need a person, or a repair of their own. ")
    };
    let mut text = Markup::new();
    if surveyed.approvals > 0 {
        text = text.then(&count(surveyed.approvals)).literal(need);
    }
    if rest > 0 {
        text = text.then(&count(rest)).literal(others);
    }
    text.literal("The table is in the thread.")
}

/// One person on the list: who, why, and what is done.
fn person(one: &SweepFinding) -> Markup {
    let named_groups = one.causes.first() == Some(&Cause::MembershipDrift) && !one.groups.is_empty();
    let why = match one.causes.first() {
        Some(_) if named_groups => {
            let word = if one.groups.len() == 1 { "not in group " } else { "not in groups " };
            Markup::new().literal(word).then(&groups(&one.groups))
        }
        Some(cause) => Markup::new().literal(cause.title()),
        None => Markup::new().literal("access is missing"),
    };
    who(one).literal(": ").then(&why).literal(" · ").then(&steps(one, named_groups))
}

/// A person by name and address. An account without an address is told by the end of its id.
pub(super) fn who(one: &SweepFinding) -> Markup {
    let is_address = one.query.contains('@');
    let text = Markup::new().literal("*");
    match &one.name {
        Some(name) if is_address => text.escaped(name).literal("* (").escaped(&one.query).literal(")"),
        Some(name) => text.escaped(name).literal("* (").code(short_id(&one.query)).literal(")"),
        None if is_address => text.escaped(&one.query).literal("*"),
        None => text.literal("account* ").code(short_id(&one.query)),
    }
}

/// The steps. Groups that the cause names are not repeated, unless there is only one.
fn steps(one: &SweepFinding, named_groups: bool) -> Markup {
    let mut parts = Vec::new();
    if one.steps.iter().any(|step| step == "provision-user") {
        parts.push(Markup::new().literal("on demand"));
    }
    match one.groups.len() {
        0 => {}
        2.. if named_groups => parts.push(Markup::new().literal("in these")),
        _ => parts.push(Markup::new().literal("in ").then(&groups(&one.groups))),
    }
    Markup::new().literal("provision ").then(&Markup::list(&parts, " and "))
}

fn groups(names: &[String]) -> Markup {
    let shown: Vec<Markup> = names.iter().take(MAX_GROUPS).map(|name| Markup::new().escaped(name)).collect();
    let text = Markup::list(&shown, ", ");
    match names.len().saturating_sub(MAX_GROUPS) {
        0 => text,
        more => text.literal(" and ").number(more).literal(" more"),
    }
}
