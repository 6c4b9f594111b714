//! What an invented sweep found: the accounts, the list of repairs, and how a row of the table looks.

use reinstate::sheet::Sheet;
use reinstate_core::sweep::{RepairList, RepairPreview, SinceLastSweep, SweepEvent, SweepFinding, Tally};
use reinstate_core::{Cause, Risk, Source, Verdict};

/// The event that everything was read, with this many harmless repairs.
pub fn surveyed(harmless: usize, since: Option<SinceLastSweep>) -> SweepEvent {
    let by_cause = [
        (Cause::MembershipDrift, harmless as u64),
        (Cause::EmailHeldByManagedAccount, 9),
        (Cause::NotAssigned, 3),
    ];
    let tally = Tally {
        accounts: 5000,
        healthy: 4987 - harmless as u64,
        broken: 12 + harmless as u64,
        cannot_tell: 1,
        unread: 1,
        by_cause: by_cause
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(cause, n)| (cause.code().to_owned(), n))
            .collect(),
        tenant_causes: Vec::new(),
    };
    let found: Vec<SweepFinding> = (0..harmless).map(drifted).collect();
    let list = RepairList::new(found.iter().filter_map(SweepFinding::harmless).collect());
    let preview = RepairPreview::of(&list, &found.iter().collect::<Vec<_>>());
    SweepEvent::SweepSurveyed { tally, unread: Vec::new(), list, approvals: 9, since, preview }
}

pub fn without_preview(event: SweepEvent) -> SweepEvent {
    let SweepEvent::SweepSurveyed { tally, unread, list, approvals, since, .. } = event else {
        unreachable!()
    };
    SweepEvent::SweepSurveyed { tally, unread, list, approvals, since, preview: RepairPreview::default() }
}

pub fn surveyed_with_gaps() -> SweepEvent {
    let SweepEvent::SweepSurveyed { tally, list, since, preview, .. } = surveyed(1, None) else {
        unreachable!()
    };
    let unread = vec![(Source::ProvisioningLog, "403 Forbidden".to_owned())];
    SweepEvent::SweepSurveyed { tally, unread, list, approvals: 0, since, preview }
}

/// Somebody who lost memberships of groups, or was never provisioned. Some have no name, one has no address.
pub fn drifted(n: usize) -> SweepFinding {
    const NAMES: [&str; 4] = ["Jane Doe", "Ben Okafor", "Chiara Lindqvist", "Dan <Mori>"];
    let groups: Vec<String> =
        ["jira-users", "wiki-users", "jsm-agents", "ops"].iter().take(n % 5).map(|&g| g.to_owned()).collect();
    let cause = if groups.is_empty() { Cause::NeverProvisioned } else { Cause::MembershipDrift };
    let mut steps = vec!["provision-membership".to_owned(); groups.len()];
    if groups.is_empty() || n.is_multiple_of(2) {
        steps.insert(0, "provision-user".to_owned());
    }
    let query = match n {
        6 => "712020:93c3f6a0-0000-4000-8000-000000000006".to_owned(),
        _ => format!("person{n}@acme.example"),
    };
    SweepFinding {
        query,
        name: NAMES.get(n % 5).map(|&name| name.to_owned()),
        causes: vec![cause],
        missing: Some(groups.len()),
        steps,
        groups,
        risk: Some(Risk::Harmless),
        needs_approval: false,
        ..found(n)
    }
}

pub fn found(n: usize) -> SweepFinding {
    SweepFinding {
        query: format!("person{n}@acme.example"),
        name: None,
        account: Some(format!("712020:0000-{n:04}")),
        person: Some(format!("3b9f61aa-{n:04}")),
        verdict: Verdict::Broken,
        causes: vec![Cause::EmailHeldByManagedAccount, Cause::MembershipDrift],
        missing: Some(2),
        missing_apps: None,
        unread: false,
        digest: Some(format!("sha256:{n:064}")),
        steps: vec!["park-email".to_owned(), "provision-user".to_owned()],
        groups: Vec::new(),
        risk: Some(Risk::Destructive),
        needs_approval: true,
    }
}

/// The first sentences of a card.
pub fn state(card: &str) -> String {
    let lines: Vec<&str> = card.lines().skip(1).take_while(|line| !line.contains(" accounts*")).collect();
    lines.join("\n")
}

/// The header of the table, and the row of one account.
pub fn table(found: &SweepFinding) -> String {
    let mut out = Vec::new();
    let mut sheet = Sheet::with_line_feeds(&mut out);
    sheet.sweep_columns().unwrap();
    sheet.sweep_row(found).unwrap();
    sheet.flush().unwrap();
    drop(sheet);
    String::from_utf8(out).unwrap().trim_end().to_owned()
}
