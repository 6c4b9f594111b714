//! Chooses the rung: the ops of the lowest rung that can work for the findings and was not tried without effect on the
//! same evidence. The ops are in an order in which they can succeed. It must never check conditions of steps;
//! `condition` does that.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Rules;
use super::reactivate::reactivate;
use crate::advice::{put_back, restore_by_hand};
use crate::diagnose::{Case, Diagnosis, Owner, RecordLink, local_group};
use crate::digest::hex;
use crate::evidence::{IdpGroup, IdpUser, Read, Source};
use crate::expression::Mapped;
use crate::finding::Cause;
use crate::op::{Op, ResetScope, State};
use crate::plan::Step;
use crate::subject::{RecordId, normalize, normalize_name};

/// Whether the identity provider itself blocks the person. Then no step at Atlassian can help, and provision on demand
/// would disable the person.
pub(super) fn blocked_at_source(diagnosis: &Diagnosis) -> bool {
    use Cause as C;
    diagnosis.findings.iter().filter(|finding| finding.blocking).any(|finding| {
        matches!(
            finding.code,
            C::ScimKeyRejected
                | C::GroupSyncOff
                | C::PullSync
                | C::OutOfScope
                | C::AttributeMissing
                | C::EmailHeldOutside
                | C::DomainNotClaimed
                | C::IdpUserMissing
                | C::IdpUserDeleted
                | C::IdpUserDisabled
                | C::NotAssigned
                | C::NestedOnly
                | C::AssignmentBroken
                | C::DynamicGroupPending
                | C::DeactivatedElsewhere
                | C::AccountUnclaimed
                | C::ActiveMapping
        )
    })
}

/// The ops of the lowest rung that can work for the findings. The error says why there is none.
pub(super) fn ops(
    case: &Case<'_>,
    diagnosis: &Diagnosis,
    rules: &Rules,
    tried: &[Step],
) -> Result<Vec<Op>, String> {
    // If the person is not found at the identity provider, restarting the job does not help: it has nobody to write.
    let Some(person) = case.person else { return Ok(Vec::new()) };
    if let Some(job) = case.e.job.get().map(|job| job.id.clone())
        && let Some(ops) = rung_seven(case, diagnosis, job, tried)
    {
        return ops;
    }
    // Only the owner of an account that the organization does not manage can cancel its deletion.
    if diagnosis.found(Cause::PendingDeletion)
        && case.account.is_some_and(|account| case.manages(account) == Some(false))
    {
        return Ok(Vec::new());
    }
    let email = case.wanted.clone().ok_or(match case.identity.email {
        Mapped::Empty => "The identity provider holds no address for the person; add one first.",
        _ => "Which address provisioning writes could not be told from the job's mapping, so nothing is written.",
    })?;
    let account = case.account.map(|account| account.id.clone());
    let provision =
        Op::ProvisionUser { person: person.id.clone(), account: account.clone(), email: email.clone() };
    let provisioned = || was_tried(case, tried, &provision);
    let mut ops = Vec::new();
    let mut make_record = true;
    if let Some(account) = &account {
        ops.extend(rung_three(case, diagnosis, account)?);
    }
    if case.other.is_some() {
        ops.extend(part_two_accounts(case, rules, tried)?);
    } else if diagnosis.found(Cause::TwoDirectories) {
        ops.extend(leave_other_directories(case)?);
        // No document says that an update links a record again. If it does not, the record is made again.
        if ops.is_empty() && provisioned() {
            for record_link in unlinked_in_target(case) {
                ops.extend(clear_record(case, record_link)?);
            }
        }
    } else if diagnosis.found(Cause::IdentityRecreated) {
        if let Some(record_link) = case.recreated() {
            same_person(case, record_link)?;
            ops.extend(clear_record(case, record_link)?);
        }
    } else if diagnosis.found(Cause::StaleRecordConflict) {
        for record_link in case.conflicting_records() {
            if case.is_former_identity(record_link) {
                same_person(case, record_link)?;
            }
            ops.extend(clear_record(case, record_link)?);
        }
    } else if is_likely(diagnosis, Cause::DeactivatedWhileLinked) {
        if provisioned() {
            ops.extend(reactivate(case)?);
        }
    } else if is_likely(diagnosis, Cause::RecordUnlinked) {
        if provisioned()
            && let Some(own) = &case.own
        {
            ops.extend(clear_record(case, own)?);
        }
    } else if (case.own.as_ref().is_none_or(|own| own.account.is_none()) && !absence_is_unread(case))
        || diagnosis.found(Cause::EmailMismatch)
        || diagnosis.found(Cause::EmailHeldByManagedAccount)
        || is_likely(diagnosis, Cause::DeactivatedByIdp)
    {
        if provisioned() {
            return after_on_demand(case, diagnosis, tried);
        }
    } else {
        make_record = false;
    }
    if make_record {
        ops.push(provision);
    }
    ops.extend(memberships(case, person, account.as_deref()));
    // Two records of one account in a directory without its key are removed by one op.
    let mut ops = ops.into_iter().fold(Vec::new(), |mut all, op| {
        if !all.contains(&op) {
            all.push(op);
        }
        all
    });
    if ops.iter().any(|op| goes_in_a_circle(case, tried, op)) {
        return Err(
            "A record was taken away and written again in this run, and Atlassian still does not link it. \
                    Ask Atlassian's support why, and name the record."
                .to_owned(),
        );
    }
    if !make_record {
        let before = ops.len();
        ops.retain(|op| !was_tried(case, tried, op));
        if ops.is_empty() && before > 0 {
            return Err(put_back(case));
        }
    }
    Ok(ops)
}

/// One op for each missing group. A synced group cannot be written if a local group has its name; an admin must resolve
/// that conflict.
fn memberships(case: &Case<'_>, person: &IdpUser, account: Option<&str>) -> Vec<Op> {
    let missing = case.missing().unwrap_or_default();
    let free = missing.into_iter().filter(|group| local_group(case, group).is_none());
    let write = |group: &IdpGroup| Op::ProvisionMembership {
        person: person.id.clone(),
        group: group.id.clone(),
        group_name: group.name.clone(),
        account: account.map(str::to_owned),
    };
    free.map(write).collect()
}

/// What provisioning restores: the person's record, linked to the account that has their address, and the groups.
pub(super) fn provisioning(case: &Case<'_>) -> Vec<Op> {
    let (Some(person), Some(email)) = (case.person, case.wanted.clone()) else { return Vec::new() };
    let account = case.account.map(|account| account.id.clone());
    let groups = memberships(case, person, account.as_deref());
    let mut ops = vec![Op::ProvisionUser { person: person.id.clone(), account, email }];
    ops.extend(groups);
    ops
}

/// Whether this run already settled this op from the same state.
fn was_tried(case: &Case<'_>, tried: &[Step], op: &Op) -> bool {
    let (State::Open(before) | State::Done(before)) = op.state(case) else { return false };
    tried.iter().any(|step| step.op == *op && (step.before == before || step.before == Value::Null))
}

/// Whether an op would remove the record that provisioning made in place of one that this run removed. Such a record
/// has a new id each time, so the purpose of the steps is compared, not the id.
fn goes_in_a_circle(case: &Case<'_>, tried: &[Step], op: &Op) -> bool {
    let is_new = |id: &RecordId| {
        let made = case.e.record(id).flatten().and_then(|record| record.created);
        made.zip(case.e.cleared).is_none_or(|(made, cleared)| made >= cleared)
    };
    tried.iter().any(|step| match (&step.op, op) {
        (Op::DeleteRecord { record: old }, Op::DeleteRecord { record: new }) => {
            old != new && old.directory == new.directory && is_new(new)
        }
        (
            Op::ForgetAccountRecords { account: before, records: old },
            Op::ForgetAccountRecords { account: now, records: new },
        ) => before == now && old != new,
        _ => false,
    })
}

/// Whether there is proof that allows removing a record or moving an address. The proof is either a refusal newer than
/// the last success because a value is in use, or a link to a wrong account. Only the person's own record may be
/// removed without such proof. It must be in a directory that the job does not write to, or this run has written it
/// again and it stayed unlinked.
pub(crate) fn is_proven(case: &Case<'_>, tried: &[Step], op: &Op) -> bool {
    if !matches!(op.rung(), 4..=6 | 8..=10) || case.conflict().is_some() || case.other.is_some() {
        return true;
    }
    let records = op.records();
    let is_wrong = |id: &RecordId| case.conflicting_records().any(|record_link| record_link.id == *id);
    // Whether the record may be removed at all is a condition of each step. A record that cannot be read was found by
    // the address.
    let is_own = |id: &RecordId| {
        let record_link = case.record_links.iter().find(|record_link| record_link.id == *id);
        record_link.is_some_and(|record_link| {
            case.owner(record_link) == Owner::Person
                || (record_link.record.is_none() && record_link.by_address)
        })
    };
    let elsewhere = |id: &RecordId| case.target_directory().is_some_and(|target| target != id.directory);
    let written_again = tried.iter().any(|step| matches!(step.op, Op::ProvisionUser { .. }));
    !records.is_empty()
        && records.iter().all(|id| is_wrong(id) || (is_own(id) && (elsewhere(id) || written_again)))
}

/// The op for the job itself, if the job does not run. `None` if the job has no fault. A start that ended in the same
/// state is not repeated.
fn rung_seven(
    case: &Case<'_>,
    diagnosis: &Diagnosis,
    job: String,
    tried: &[Step],
) -> Option<Result<Vec<Op>, String>> {
    if !diagnosis.found(Cause::ProvisioningQuarantined) && !diagnosis.found(Cause::ProvisioningStopped) {
        return None;
    }
    let start = Op::StartProvisioning { job };
    Some(if was_tried(case, tried, &start) {
        Err("The job was started again in this run, and it came back to the same state.".to_owned())
    } else {
        Ok(vec![start])
    })
}

/// What remains if provision on demand had no effect. Only if the identity provider itself does not find the record
/// that it wrote before, all records are matched again.
fn after_on_demand(case: &Case<'_>, diagnosis: &Diagnosis, tried: &[Step]) -> Result<Vec<Op>, String> {
    let in_vain =
        "The identity provider was asked to write the person's record again and it did not help.".to_owned();
    if !diagnosis.found(Cause::StaleAnchor) || !case.anchor_was_not_found() {
        return Err(in_vain);
    }
    let job = case.e.job.get().map(|job| job.id.clone()).ok_or(in_vain)?;
    let restart = Op::RestartProvisioning { job, scope: ResetScope::Full };
    if was_tried(case, tried, &restart) {
        return Err("All records were matched again in this run, and the person still has none.".to_owned());
    }
    Ok(vec![restart])
}

/// Unlinks, by id, the records in directories that the job does not write to.
fn leave_other_directories(case: &Case<'_>) -> Result<Vec<Op>, String> {
    let target = case.target_directory().ok_or(
        "Which of the two directories the job writes to could not be read, so none of the records is touched.",
    )?;
    let others = case.own_records().filter(|record_link| record_link.id.directory != target);
    let linked =
        others.filter_map(|record_link| Some((record_link.id.clone(), record_link.account.clone()?)));
    Ok(linked.map(|(record, account)| Op::UnlinkRecord { record, account }).collect())
}

/// The person's own records in the directory of the job that are linked to no account.
fn unlinked_in_target<'a, 'b>(case: &'b Case<'a>) -> impl Iterator<Item = &'b RecordLink<'a>> {
    let target = case.target_directory();
    case.own_records().filter(move |record_link| {
        Some(record_link.id.directory.as_str()) == target
            && record_link.account.is_none()
            && record_link.link_known
    })
}

/// Checks that an old record belongs to the same person. If the names differ, or the account was last used before the
/// new object was created, a person has to decide (docs/reference/rules.md#recreated-identity). An unread source proves
/// nothing.
fn same_person(case: &Case<'_>, record_link: &RecordLink<'_>) -> Result<(), String> {
    let ask = |why: &str| {
        format!(
            "Whether this is the same person is for you to say: {why}. If it is, and only then, delete the old SCIM record {} and provision the person again.",
            record_link.id.record
        )
    };
    let Some(account) = record_link.account.as_deref().and_then(|id| case.e.account(id)) else {
        return if record_link.account.is_none() {
            Ok(())
        } else {
            Err(ask("the account of the old record is not shown"))
        };
    };
    let person = case.person.and_then(|person| person.name.as_deref());
    match (person, account.name.as_deref()) {
        (Some(new), Some(old)) if normalize_name(new) == normalize_name(old) => {}
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

/// Whether a cause was found, or is undecided only because the log is unread. Then a condition of each step is unread as
/// well, and an approver decides.
fn is_likely(diagnosis: &Diagnosis, cause: Cause) -> bool {
    let by_log = (cause, vec![Source::ProvisioningLog]);
    diagnosis.found(cause) || diagnosis.undecided.contains(&by_log)
}

/// Whether it is unknown if the person has a record; then none is made. If the links by address were read and only a
/// directory was not, a condition of the step is unread, and an approver decides.
fn absence_is_unread(case: &Case<'_>) -> bool {
    case.e.links.get().is_none() && !case.every_directory_was_read()
}

fn rung_three(case: &Case<'_>, diagnosis: &Diagnosis, id: &str) -> Result<Vec<Op>, String> {
    let account = id.to_owned();
    let mut ops = Vec::new();
    if diagnosis.found(Cause::PendingDeletion) {
        ops.push(Op::CancelDeletion { account: account.clone() });
    }
    if diagnosis.found(Cause::DeactivatedLocally) {
        ops.push(Op::ActivateAccount { account: account.clone() });
    }
    if diagnosis.found(Cause::Suspended) {
        let directories = case.account.map(|known| case.suspended_in(known)).unwrap_or_default();
        if directories.is_empty() {
            return Err(format!(
                "Account {account} is suspended, and in which directory could not be read, so the suspension is not \
                 lifted. {}",
                restore_by_hand(id)
            ));
        }
        let restore =
            |id: &str| Op::RestoreAccess { account: account.clone(), directory: Some(id.to_owned()) };
        ops.extend(directories.into_iter().map(restore));
    }
    Ok(ops)
}

/// The record is on one account and the address is on another. Removes only what is necessary.
fn part_two_accounts(case: &Case<'_>, rules: &Rules, tried: &[Step]) -> Result<Vec<Op>, String> {
    let (Some(keep), Some(wrong)) = (case.account, case.other) else { return Ok(Vec::new()) };
    let Some(own) = &case.own else {
        return Err(format!(
            "No SCIM record links account {} to the person, and provisioning links by address. Give it the \
             person's address in admin.atlassian.com first, or keep account {}, which bears it.",
            keep.id, wrong.id
        ));
    };
    if own.account.as_deref() == Some(wrong.id.as_str()) {
        let unlink = Op::UnlinkRecord { record: own.id.clone(), account: wrong.id.clone() };
        // If the record was unlinked and was linked to the wrong account again, it has to be removed. That is the next
        // rung.
        return if was_tried(case, tried, &unlink) { clear_record(case, own) } else { Ok(vec![unlink]) };
    }
    let mut ops = Vec::new();
    if wrong.for_deletion {
        ops.push(Op::CancelDeletion { account: wrong.id.clone() });
    }
    for record_link in case
        .record_links
        .iter()
        .filter(|record_link| record_link.account.as_deref() == Some(wrong.id.as_str()))
    {
        ops.extend(clear_record(case, record_link)?);
    }
    let domain = rules
        .parking_domain
        .as_deref()
        .ok_or("No parking domain is configured (atlassian.parking_domain), so the wrong account's address cannot be moved aside.")?;
    let from = wrong.email.clone().unwrap_or_default();
    ops.push(Op::ParkEmail { account: wrong.id.clone(), from, to: parking_address(&wrong.id, domain) });
    Ok(ops)
}

/// Rungs 4 to 6 for one record. If the directory's key is available, the record is deleted by id, because that touches
/// no other record.
fn clear_record(case: &Case<'_>, record_link: &RecordLink<'_>) -> Result<Vec<Op>, String> {
    let key_at_hand = case.e.records.get(&record_link.id.directory).is_some_and(|read| read.get().is_some());
    let delete = Op::DeleteRecord { record: record_link.id.clone() };
    match (&record_link.account, key_at_hand) {
        (None, true) => Ok(vec![delete]),
        (Some(account), true) => {
            Ok(vec![Op::UnlinkRecord { record: record_link.id.clone(), account: account.clone() }, delete])
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
            record_link.id.record, record_link.id.directory
        )),
    }
}

/// The placeholder address of an account. It is the same each time, and no real address equals it by chance.
#[must_use]
pub fn parking_address(account: &str, domain: &str) -> String {
    let hash = hex(&Sha256::digest(format!("reinstate.parking\n{account}").as_bytes()));
    format!("parked-{}@{}", hash.get(..16).unwrap_or(&hash), normalize(domain))
}
