//! From a diagnosis to the mildest plan that can work. The planner takes the lowest rung the evidence allows; a
//! rung whose condition is false never enters a plan, and one that was tried without effect is not tried again.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::advice::advise;
use super::condition::{Held, conditions_after};
use super::diagnose::{Case, Diagnosis, Tie, local_group};
use super::digest::hex;
use super::evidence::{Account, Evidence, Read};
use super::finding::{Cause, Verdict};
use super::op::{Op, Risk, State};
use super::plan::{Plan, Step, because};
use super::subject::fold;

/// How many people must approve a kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approvers {
    /// This many; none for 0.
    Count(u32),
    /// Such steps are advice.
    Never,
}

/// What the configuration lets the planner do.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Protected addresses and ids, folded.
    pub protected: BTreeSet<String>,
    /// A claimed domain for placeholder addresses.
    pub parking_domain: Option<String>,
    /// `approvals.reversible`
    pub reversible: Approvers,
    /// `approvals.disruptive`
    pub disruptive: Approvers,
    /// `approvals.destructive`
    pub destructive: Approvers,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            protected: BTreeSet::new(),
            parking_domain: None,
            reversible: Approvers::Count(0),
            disruptive: Approvers::Count(1),
            destructive: Approvers::Count(1),
        }
    }
}

impl Rules {
    /// Whether an address or id is on the protected list.
    #[must_use]
    pub fn is_protected(&self, name: &str) -> bool {
        self.protected.contains(&fold(name))
    }

    /// What a risk needs.
    #[must_use]
    pub fn approvers(&self, risk: Risk) -> Approvers {
        match risk {
            Risk::Harmless => Approvers::Count(0),
            Risk::Reversible => self.reversible,
            Risk::Disruptive => self.disruptive,
            Risk::Destructive => self.destructive,
        }
    }

    /// How many approvals a risk needs; a kind that is never allowed needs more than there can be.
    #[must_use]
    pub fn needs(&self, risk: Risk) -> u32 {
        match self.approvers(risk) {
            Approvers::Count(count) => count,
            Approvers::Never => u32::MAX,
        }
    }
}

/// Makes the plan. `tried` holds the ops of this run that were done and changed nothing.
#[must_use]
pub fn plan(evidence: &Evidence, diagnosis: &Diagnosis, rules: &Rules, tried: &[Op]) -> Plan {
    let case = Case::new(evidence);
    let mut subject = diagnosis.subject.clone();
    let mut advice: Vec<String> = diagnosis.findings.iter().filter_map(|f| advise(f.code, &case)).collect();
    if !diagnosis.candidates.is_empty() {
        advice.insert(
            0,
            "More than one person or account is meant. Ask again with the account id or the exact address."
                .to_owned(),
        );
    }
    let only = |advice| Plan::advice_only(diagnosis.subject.clone(), &diagnosis.findings, advice);
    if diagnosis.verdict != Verdict::Broken || blocked_at_source(diagnosis) {
        return only(advice);
    }
    let ops = match ops(&case, diagnosis, rules, tried) {
        Ok(ops) => ops,
        Err(why) => {
            advice.push(why);
            return only(advice);
        }
    };
    let mut steps = Vec::new();
    for op in ops {
        match step(op, &case, rules, &steps) {
            Ok(step) => steps.push(step),
            Err(why) => {
                advice.push(why);
                return only(advice);
            }
        }
    }
    if steps.is_empty() {
        return only(advice);
    }
    for step in &steps {
        subject.accounts.extend(step.op.account().map(str::to_owned));
        match &step.op {
            Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => {
                subject.records.insert(record.clone());
            }
            Op::ForgetAccountRecords { records, .. } => subject.records.extend(records.iter().cloned()),
            _ => {}
        }
    }
    let cost = cost(&case, &steps);
    Plan { subject, steps, cost, advice, because: because(&diagnosis.findings) }
}

/// Where the source itself says no, no step at Atlassian can help, and on demand would disable the person.
fn blocked_at_source(diagnosis: &Diagnosis) -> bool {
    use Cause as C;
    diagnosis.findings.iter().filter(|finding| finding.blocking).any(|finding| {
        matches!(
            finding.code,
            C::ScimKeyRejected
                | C::ProvisioningQuarantined
                | C::ProvisioningStopped
                | C::GroupSyncOff
                | C::PullSync
                | C::OutOfScope
                | C::AttributeMissing
                | C::EmailHeldOutside
                | C::StaleAnchor
                | C::DomainNotClaimed
                | C::IdpUserMissing
                | C::IdpUserDeleted
                | C::IdpUserDisabled
                | C::NotAssigned
                | C::NestedOnly
        )
    })
}

/// One step, if its conditions allow it. Those that earlier steps mend are asked at the step itself.
fn step(op: Op, case: &Case<'_>, rules: &Rules, earlier: &[Step]) -> Result<Step, String> {
    let mut risk = op.risk();
    let before: Vec<&Op> = earlier.iter().map(|step| &step.op).collect();
    match conditions_after(&op, case, rules, &before) {
        Held::True => {}
        Held::Unread(sources) => {
            let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
            if op.rung() > 2 {
                return Err(format!(
                    "{} is not proposed: {} could not be read.",
                    op.says(),
                    names.join(", ")
                ));
            }
            // product.md 9: an on-demand step whose condition is unread needs an approver.
            risk = Risk::Disruptive;
        }
        Held::False(why) => return Err(format!("{} is not proposed: {why}.", op.says())),
    }
    if rules.approvers(risk) == Approvers::Never {
        return Err(format!(
            "{} would be {}, which the configuration leaves to people.",
            op.says(),
            risk.word()
        ));
    }
    let before = match op.state(case) {
        State::Blocked(why) => return Err(format!("{} is not proposed: {why}.", op.says())),
        _ if !earlier.is_empty() => expected_before(&op, case, earlier),
        State::Open(before) | State::Done(before) => before,
        State::Unread(_) => json!(null),
    };
    let undo = op.undo();
    Ok(Step { op, risk, undo, before })
}

fn expected_before(op: &Op, case: &Case<'_>, earlier: &[Step]) -> serde_json::Value {
    let own = case.own.as_ref();
    match op {
        Op::ProvisionUser { .. } => {
            let loosened = earlier.iter().any(|step| match &step.op {
                Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => {
                    own.is_some_and(|tie| tie.id == *record)
                }
                Op::ForgetAccountRecords { records, .. } => own.is_some_and(|tie| records.contains(&tie.id)),
                _ => false,
            });
            let linked = own.and_then(|tie| tie.account.clone()).filter(|_| !loosened);
            json!({ "linked_to": linked })
        }
        Op::ProvisionMembership { .. } => json!({ "member": false }),
        Op::DeleteRecord { .. } => json!({ "exists": true }),
        other => match other.state(case) {
            State::Open(before) | State::Done(before) => before,
            _ => json!(null),
        },
    }
}

/// The ops of the lowest rung that can work for what was found, or why there is none.
fn ops(case: &Case<'_>, diagnosis: &Diagnosis, rules: &Rules, tried: &[Op]) -> Result<Vec<Op>, String> {
    let Some(person) = case.person else { return Ok(Vec::new()) };
    let email =
        case.wanted.clone().ok_or("The identity provider holds no address for the person; add one first.")?;
    let account = case.account.map(|account| account.id.clone());
    let provision =
        Op::ProvisionUser { person: person.id.clone(), account: account.clone(), email: email.clone() };
    let provisioned = |tried: &[Op]| tried.iter().any(|op| matches!(op, Op::ProvisionUser { .. }));
    let mut ops = Vec::new();
    let mut make_record = true;
    if let Some(account) = &account {
        ops.extend(rung_three(diagnosis, account));
    }
    if case.other.is_some() {
        ops.extend(part_two_accounts(case, rules)?);
    } else if diagnosis.found(Cause::TwoDirectories) {
        ops.extend(leave_other_directories(case)?);
    } else if diagnosis.found(Cause::IdentityRecreated) {
        if let Some(tie) = case.recreated() {
            same_person(case, tie)?;
            ops.extend(clear_record(case, tie)?);
        }
    } else if diagnosis.found(Cause::StaleRecordConflict) {
        for tie in case.in_the_way() {
            ops.extend(clear_record(case, tie)?);
        }
    } else if diagnosis.found(Cause::RecordUnlinked) {
        if provisioned(tried)
            && let Some(own) = &case.own
        {
            ops.extend(clear_record(case, own)?);
        }
    } else if (case.own.as_ref().is_none_or(|own| own.account.is_none()) && !absence_is_unread(case))
        || diagnosis.found(Cause::EmailMismatch)
        || diagnosis.found(Cause::EmailHeldByManagedAccount)
        || diagnosis.found(Cause::DeactivatedByIdp)
    {
        if provisioned(tried) {
            return Err(
                "The identity provider was asked to write the person's record again and it did not help."
                    .to_owned(),
            );
        }
    } else {
        make_record = false;
    }
    if make_record {
        ops.push(provision);
    }
    // A group whose name a local one has cannot be written; its conflict is for an admin.
    for group in
        case.missing().unwrap_or_default().into_iter().filter(|group| local_group(case, group).is_none())
    {
        ops.push(Op::ProvisionMembership {
            person: person.id.clone(),
            group: group.id.clone(),
            group_name: group.name.clone(),
            account: account.clone(),
        });
    }
    if !make_record {
        let before = ops.len();
        ops.retain(|op| !tried.contains(op));
        if ops.is_empty() && before > 0 {
            return Err("The memberships were written again and Atlassian still does not show them. At the identity \
                        provider, remove the person from the group and add them again, or restart provisioning."
                .to_owned());
        }
    }
    Ok(ops)
}

/// The records in directories that the job does not write to let go of the account, by id.
fn leave_other_directories(case: &Case<'_>) -> Result<Vec<Op>, String> {
    let target = case.target_directory().ok_or(
        "Which of the two directories the job writes to could not be read, so none of the records is touched.",
    )?;
    let others = case.mine().filter(|tie| tie.id.directory != target);
    let linked = others.filter_map(|tie| Some((tie.id.clone(), tie.account.clone()?)));
    Ok(linked.map(|(record, account)| Op::UnlinkRecord { record, account }).collect())
}

/// product.md 9, `identity-recreated`: "where names differ or the account's activity ended before the new object was
/// created, it is advice". What is not read is no proof either.
fn same_person(case: &Case<'_>, tie: &Tie<'_>) -> Result<(), String> {
    let ask = |why: &str| {
        format!(
            "Whether this is the same person is for you to say: {why}. If it is, and only then, delete the old provisioning record {} and provision the person again.",
            tie.id.record
        )
    };
    let Some(account) = tie.account.as_deref().and_then(|id| case.e.account(id)) else {
        return if tie.account.is_none() {
            Ok(())
        } else {
            Err(ask("the account of the old record is not shown"))
        };
    };
    let person = case.person.and_then(|person| person.name.as_deref());
    match (person, account.name.as_deref()) {
        (Some(new), Some(old)) if fold(new) == fold(old) => {}
        (Some(new), Some(old)) => return Err(ask(&format!("the account is named {old}, the person {new}"))),
        _ => return Err(ask("a name could not be read")),
    }
    let created = case.person.and_then(|person| person.created).map(|at| at.strftime("%Y-%m-%d").to_string());
    let last = case.e.last_active.get(&account.id).and_then(Read::get);
    let last = last.and_then(|uses| uses.iter().map(|used| used.day.clone()).max());
    match (created, last) {
        (Some(created), Some(last)) if last >= created => Ok(()),
        (Some(created), Some(last)) => Err(ask(&format!(
            "the account was last used on {last}, before the new object was created on {created}"
        ))),
        _ => Err(ask("the last use of the account or the creation of the person could not be read")),
    }
}

/// Whether nobody knows if there is a record: then none is made. Where the links by address are read and a directory
/// is not, the condition of the step is unread, and an approver decides.
fn absence_is_unread(case: &Case<'_>) -> bool {
    case.e.links.get().is_none() && !case.every_directory_was_read()
}

fn rung_three(diagnosis: &Diagnosis, account: &str) -> Vec<Op> {
    let account = account.to_owned();
    let mut ops = Vec::new();
    if diagnosis.found(Cause::PendingDeletion) {
        ops.push(Op::CancelDeletion { account: account.clone() });
    }
    if diagnosis.found(Cause::DeactivatedLocally) {
        ops.push(Op::ActivateAccount { account: account.clone() });
    }
    if diagnosis.found(Cause::Suspended) {
        ops.push(Op::RestoreAccess { account });
    }
    ops
}

/// The record is on one account and the address on another: loosen what is in the way, no more.
fn part_two_accounts(case: &Case<'_>, rules: &Rules) -> Result<Vec<Op>, String> {
    let (Some(keep), Some(wrong), Some(own)) = (case.account, case.other, &case.own) else {
        return Ok(Vec::new());
    };
    if own.account.as_deref() == Some(wrong.id.as_str()) {
        return Ok(vec![Op::UnlinkRecord { record: own.id.clone(), account: wrong.id.clone() }]);
    }
    let mut ops = Vec::new();
    if wrong.for_deletion {
        ops.push(Op::CancelDeletion { account: wrong.id.clone() });
    }
    for tie in case.ties.iter().filter(|tie| tie.account.as_deref() == Some(wrong.id.as_str())) {
        ops.extend(clear_record(case, tie)?);
    }
    let domain = rules
        .parking_domain
        .as_deref()
        .ok_or("No parking domain is configured (atlassian.parking_domain), so the wrong account's address cannot be moved aside.")?;
    let from = wrong.email.clone().unwrap_or_default();
    ops.push(Op::ParkEmail { account: wrong.id.clone(), from, to: parking_address(&wrong.id, domain) });
    if keep.id == wrong.id {
        return Err("Both accounts are the same one.".to_owned());
    }
    Ok(ops)
}

/// Rungs 4 to 6 for one record: by id where that directory's key is at hand, for it touches one record only.
fn clear_record(case: &Case<'_>, tie: &Tie<'_>) -> Result<Vec<Op>, String> {
    let key_at_hand = case.e.records.get(&tie.id.directory).is_some_and(|read| read.get().is_some());
    let delete = Op::DeleteRecord { record: tie.id.clone() };
    match (&tie.account, key_at_hand) {
        (None, true) => Ok(vec![delete]),
        (Some(account), true) => {
            Ok(vec![Op::UnlinkRecord { record: tie.id.clone(), account: account.clone() }, delete])
        }
        (Some(account), false) => {
            let links = case.e.account_links.get(account).and_then(Read::get);
            let mut records: Vec<_> = links.into_iter().flatten().map(|link| link.id.clone()).collect();
            records.sort();
            if records.is_empty() {
                return Err(format!("The links of account {account} could not be read."));
            }
            Ok(vec![Op::ForgetAccountRecords { account: account.clone(), records }])
        }
        (None, false) => Err(format!(
            "Record {} is in the way and linked to no account; deleting it needs the SCIM key of directory {}. \
             Configure REINSTATE_ATLASSIAN_SCIM_KEY, or ask Atlassian to remove it.",
            tie.id.record, tie.id.directory
        )),
    }
}

/// The same placeholder for the same account every time, and nobody's by chance.
#[must_use]
pub fn parking_address(account: &str, domain: &str) -> String {
    let hash = hex(&Sha256::digest(format!("reinstate.parking\n{account}").as_bytes()));
    format!("parked-{}@{}", hash.get(..16).unwrap_or(&hash), fold(domain))
}

pub(crate) fn last_used(case: &Case<'_>, account: &Account) -> String {
    match case.e.last_active.get(&account.id).and_then(Read::get) {
        None => "last use not read".to_owned(),
        Some(uses) => match uses.iter().max_by(|a, b| (&a.day, &a.app).cmp(&(&b.day, &b.app))) {
            None => "never used".to_owned(),
            Some(last) => format!("last active in {} {}", last.app, last.day),
        },
    }
}

/// What it costs, from data (product.md 6).
fn cost(case: &Case<'_>, steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    let takes_record = steps.iter().any(|step| (4..=6).contains(&step.op.rung()));
    if takes_record {
        lines.push(
            "Synced groups are gone until provisioned again: minutes, about 40 min if on-demand is refused, hours if a restart is needed."
                .to_owned(),
        );
    }
    if let (Some(tie), Some(person)) = (case.recreated(), case.person)
        && let Some(account) = tie.account.as_deref().and_then(|id| case.e.account(id))
    {
        lines.push(format!(
            "To approve is to say that this is the same person: {} at the identity provider, and account {} of {}, {}.",
            person.name.as_deref().unwrap_or("unnamed"),
            account.id,
            account.name.as_deref().unwrap_or("no name"),
            last_used(case, account)
        ));
    }
    for step in steps {
        match &step.op {
            Op::DeleteRecord { record } => lines.push(match case.anchor() {
                Some(anchor) if anchor == record.record => format!(
                    "The identity provider is anchored on record {anchor}; deleting it may leave it looking for a record that is gone, for which only a full restart, or un-assigning, one cycle and re-assigning by hand, is known to help."
                ),
                Some(_) => format!("The identity provider is not anchored on record {}.", record.record),
                None => format!("Whether the identity provider is anchored on record {} is not known.", record.record),
            }),
            Op::ForgetAccountRecords { account, records } => {
                lines.push(format!("All {} provisioning records of account {account} go, in every directory of the organization.", records.len()));
            }
            Op::ParkEmail { account, from, .. } => {
                let used = case.e.account(account).map_or_else(|| "last use not read".to_owned(), |a| last_used(case, a));
                lines.push(format!("Account {account} is signed out everywhere and can no longer sign in with {from}; {used}."));
            }
            _ => {}
        }
    }
    lines
}
