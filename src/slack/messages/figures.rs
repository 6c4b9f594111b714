//! The words of a report: one plain line for each figure, for Slack and for the terminal. Pure. A line must never name a
//! person, and must say in words and numbers what the picture of the causes shows.

use reinstate_core::evidence::HopelessPlan;
use reinstate_core::report::{Approvals, People, RemedyFigures, Report, Spread, Unit};
use reinstate_core::{Cause, Outcome, Risk, WorkedHere};

/// A length of time, as short as a card has room for.
pub(crate) fn lasted(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// A number with its noun.
fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How long repairs took: half of them, and nine of ten.
fn spread(spread: &Spread) -> String {
    match (spread.count(), spread.median(), spread.ninetieth()) {
        (2.., Some(median), Some(ninetieth)) => {
            format!("half within {} of the command, 9 of 10 within {}", lasted(median), lasted(ninetieth))
        }
        (_, Some(median), _) => format!("{} after the command", lasted(median)),
        _ => String::new(),
    }
}

/// The median, in words.
fn median(spread: &Spread) -> String {
    spread.median().map(lasted).unwrap_or_default()
}

/// Whom repairs helped, and how long that took.
pub(crate) fn people(report: &Report) -> String {
    let repairs = report.time_to_access.count();
    if repairs == 0 {
        return "No repair gave anybody their access back.".to_owned();
    }
    let People { helped, repairs_without_person } = report.people;
    let who = match (helped, repairs_without_person) {
        (0, _) => "Access is back".to_owned(),
        (_, 0) => format!("{} access back", counted(helped, "person has", "people have")),
        _ => format!("At least {} access back", counted(helped, "person has", "people have")),
    };
    let repairs = counted(repairs, "repair", "repairs");
    format!("{who} after {repairs}, {}.", spread(&report.time_to_access))
}

/// How many repairs there were, and how they ended.
pub(crate) fn repairs(report: &Report) -> String {
    let ended = OUTCOMES.iter().filter_map(|(outcome, words)| {
        report.outcomes.get(outcome.word()).map(|number| format!("{number} {words}"))
    });
    let open = report.repairs.saturating_sub(report.outcomes.values().sum());
    let open = (open > 0).then(|| format!("{open} still open"));
    let parts: Vec<String> = ended.chain(open).collect();
    let mut text = report.repairs.to_string();
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join(", ")));
    }
    if report.without_cause > 0 {
        text.push_str(&format!("; {} without a proven cause", report.without_cause));
    }
    if report.other_runs > 0 {
        let others = counted(report.other_runs, "undo or retirement", "undos or retirements");
        text.push_str(&format!("; {others}"));
    }
    text
}

/// Each outcome in the words of a count.
const OUTCOMES: &[(Outcome, &str)] = &[
    (Outcome::Restored, "restored"),
    (Outcome::Healthy, "already fine"),
    (Outcome::Done, "done"),
    (Outcome::Advice, "left to a person"),
    (Outcome::CannotTell, "could not be checked"),
    (Outcome::Refused, "refused"),
    (Outcome::Busy, "beside another run"),
    (Outcome::Declined, "declined"),
    (Outcome::Expired, "not approved in time"),
    (Outcome::Cancelled, "stopped"),
    (Outcome::Skipped, "skipped"),
];

/// How approvals were answered, and how long that took.
pub(crate) fn approvals(approvals: &Approvals) -> String {
    let given = match approvals.approved() {
        0 => "0 given".to_owned(),
        1 => format!("1 given, {} after the plan", median(&approvals.wait)),
        number => format!("{number} given, half within {} of the plan", median(&approvals.wait)),
    };
    format!("{given}, {} declined, {} not given in time", approvals.declined, approvals.expired)
}

/// The steps that began, by risk.
pub(crate) fn steps(report: &Report) -> String {
    let risks = [Risk::Harmless, Risk::Reversible, Risk::Disruptive, Risk::Destructive];
    let number = |risk: &Risk| report.steps.get(risk).copied().filter(|number| *number > 0);
    let all: Vec<String> =
        risks.iter().filter_map(|risk| Some(format!("{} {}", number(risk)?, risk.word()))).collect();
    if all.is_empty() { "0".to_owned() } else { all.join(", ") }
}

/// What was tried against a cause, and how often it worked.
pub(crate) fn remedy(figures: &RemedyFigures) -> String {
    let worked = worked(figures.tried, figures.worked.count(), figures.worked.median());
    format!("{}: {}: worked {worked}", figures.cause.code(), step(&figures.action))
}

/// The half line on the card of a plan.
pub(crate) fn worked_here(here: &WorkedHere) -> String {
    format!("worked here {}", worked(here.tried, here.worked, here.seconds))
}

/// Why a plan begins with a later rung.
pub(crate) fn not_proposed(plan: &HopelessPlan) -> String {
    let steps: Vec<&str> = plan.actions.iter().map(|action| step(action)).collect();
    let times = counted(plan.failed, "time", "times");
    format!("Not proposed, failed here {times}: {}", steps.join(", "))
}

/// How often a step worked, and how long it took.
fn worked(tried: u64, worked: u64, seconds: Option<u64>) -> String {
    let text = format!("{worked} of {}", counted(tried, "time", "times"));
    seconds.map_or(text.clone(), |seconds| format!("{text}, {}", lasted(seconds)))
}

/// What a step does, without what it is done to.
pub(crate) fn step(action: &str) -> &'static str {
    match action {
        "provision-user" => "provision on demand",
        "provision-membership" => "provision memberships",
        "restore-access" => "restore access",
        "activate-account" => "activate the account",
        "cancel-deletion" => "cancel the deletion",
        "unlink-record" => "unlink a SCIM record",
        "delete-record" => "delete a SCIM record",
        "forget-account-records" => "delete all SCIM records of an account",
        "start-provisioning" => "start provisioning",
        "restart-provisioning" => "restart provisioning",
        "park-email" => "move the address off an account",
        "deactivate-account" => "deactivate an account",
        "schedule-deletion" => "schedule the deletion of an account",
        "suspend-access" => "suspend access",
        "return-email" => "give an address back",
        _ => "another step",
    }
}

/// The change that ends a cause for everybody. `None` if no page of a cause names one.
pub(crate) fn lasting_change(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::ScimKeyRejected => "make a new SCIM key and enter it in the provisioning job",
        Cause::GroupSyncOff => "enable the mapping of groups in the provisioning job",
        Cause::NestedOnly => "assign each inner group itself to the Atlassian application",
        Cause::OutOfScope => "change the scoping filter of the provisioning job",
        Cause::AttributeMissing => {
            "give the mapping of the attribute a fallback, such as Coalesce([mail], [userPrincipalName])"
        }
        Cause::DynamicGroupPending => "end the pause of the rule of each dynamic group",
        Cause::GroupNameConflict => "compare the members, and let the identity provider take each group over",
        Cause::DefaultGroupClash => "use a new group with another name, and give it the roles",
        Cause::GroupWithoutRole => "give each group a role that opens the app",
        Cause::SeatsFull => "add or free seats in each full app",
        Cause::GroupTooLarge => "split each group at the identity provider",
        Cause::MatchingOnEmail => "match on externalId, filled from objectId, with precedence 1",
        _ => return None,
    })
}

/// How many people had each recurring cause, and the change that ends it.
pub(crate) fn recurring(report: &Report) -> Vec<String> {
    let lines = report.recurring.iter().filter_map(|one| {
        let people = counted(one.people, "person", "people");
        lasting_change(one.cause).map(|change| format!("{people}: {}: {change}", one.cause.title()))
    });
    lines.collect()
}

/// The length of a period.
pub(crate) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
    }
}

/// What the other lines lack because it could not be read.
pub(crate) fn unread(report: &Report) -> Vec<String> {
    let unread = report.unread;
    let mut lines = Vec::new();
    if unread.runs > 0 {
        let runs = counted(unread.runs, "run", "runs");
        let are = if unread.runs == 1 { "is" } else { "are" };
        lines.push(format!("{runs} could not be read and {are} not counted."));
    }
    if unread.erased > 0 {
        let runs = counted(unread.erased, "run", "runs");
        let lacks = [
            (report.people.repairs_without_person, "whom", "repair", "repairs", " helped"),
            (unread.goals, "the purpose of", "run", "runs", ""),
            (unread.causes, "the cause of", "repair", "repairs", ""),
            (unread.risks, "the risk of", "step", "steps", ""),
        ];
        let lacks: Vec<String> = lacks
            .iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, what, one, many, end)| format!("{what} {}{end}", counted(*number, one, many)))
            .collect();
        let lacks =
            if lacks.is_empty() { String::new() } else { format!(" Not known: {}.", lacks.join(", ")) };
        lines.push(format!("Retention erased the personal data of {runs}.{lacks}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_core::report::ends_with_one_change;

    #[test]
    fn every_cause_that_one_change_ends_has_its_words_and_no_other() {
        for cause in Cause::ALL {
            assert_eq!(lasting_change(*cause).is_some(), ends_with_one_change(*cause), "{}", cause.code());
        }
    }

    #[test]
    fn a_length_of_time_is_short() {
        let shown = [0, 119, 120, 7199, 7200, 200_000].map(lasted);
        assert_eq!(shown, ["0 s", "119 s", "2 min", "119 min", "2 h", "55 h"]);
    }

    #[test]
    fn every_outcome_has_the_words_of_a_count() {
        let words: std::collections::BTreeSet<&str> = OUTCOMES.iter().map(|(_, words)| *words).collect();
        assert_eq!(words.len(), OUTCOMES.len());
        let known = [
            "restored",
            "healthy",
            "done",
            "advice",
            "cannot-tell",
            "refused",
            "busy",
            "declined",
            "expired",
            "cancelled",
            "skipped",
        ];
        assert_eq!(OUTCOMES.iter().map(|(outcome, _)| outcome.word()).collect::<Vec<_>>(), known);
    }
}
