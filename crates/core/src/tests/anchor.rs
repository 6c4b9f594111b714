//! The anchor: the record that the identity provider wrote last. It is gone, it is a colleague's, or it is another
//! record of the person. And the exports that fail without another cause.

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, account_of, at, drifted, gap, healthy, never_provisioned, person,
    record, record_id, refused, seen, value,
};
use super::conditions::{planned, rules};
use crate::evidence::{Evidence, IdpUser, LogEntry, Source};
use crate::op::ResetScope;
use crate::{Cause, Diagnosis, Op, Verdict, diagnose, plan};

fn newest(e: &mut Evidence, status: &str, change: impl FnOnce(&mut LogEntry)) {
    let mut entry =
        LogEntry { action: "update".to_owned(), status: status.to_owned(), ..LogEntry::default() };
    change(&mut entry);
    value(&mut e.log).insert(0, entry);
}

fn codes(e: &Evidence) -> Vec<Cause> {
    diagnose(e).findings.iter().map(|finding| finding.code).collect()
}

fn needs(diagnosis: &Diagnosis, cause: Cause) -> Option<Vec<Source>> {
    diagnosis.undecided.iter().find(|(known, _)| *known == cause).map(|(_, sources)| sources.clone())
}

/// The identity provider wrote record r9 last, and it does not exist any more.
fn gone() -> Evidence {
    let mut e = never_provisioned();
    newest(&mut e, "success", |entry| entry.target = Some("r9".to_owned()));
    e.records_by_id.push((record_id("r9"), seen(None)));
    e
}

/// A living colleague's record.
fn colleagues(e: &mut Evidence) {
    value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, "joan@acme.example", Some(A2)));
    value(&mut e.accounts).push(account(A2, "joan@acme.example"));
    let joan = IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() };
    e.owners.insert(OTHER.to_owned(), seen(vec![joan]));
    newest(e, "success", |entry| entry.target = Some("r9".to_owned()));
}

#[test]
fn an_anchor_that_is_gone_climbs_from_rung_one() {
    let e = gone();
    let diagnosis = diagnose(&e);
    assert_eq!(codes(&e), [Cause::StaleAnchor]);
    assert!(diagnosis.findings[0].because.iter().any(|fact| fact.source == Source::ScimUsers));
    let first = plan(&e, &diagnosis, &rules(), &[]);
    assert_eq!(first.steps[0].op.action(), "provision-user", "{:?}", first.advice);
    assert_eq!(first.steps[0].op.rung(), 1);
    // It had no effect, and the log does not say why: not everybody is matched again on a guess.
    let second = plan(&e, &diagnosis, &rules(), &first.steps);
    assert!(second.steps.is_empty(), "{:?}", second.steps);
    // The identity provider answered that it does not find the record.
    let mut e = e;
    newest(&mut e, "failure", |entry| entry.error_code = Some("InvalidAnchor".to_owned()));
    let third = plan(&e, &diagnose(&e), &rules(), &first.steps);
    let full = Op::RestartProvisioning { job: "job".to_owned(), scope: ResetScope::Full };
    assert_eq!(third.steps.iter().map(|step| &step.op).collect::<Vec<_>>(), [&full]);
    assert!(third.advice.iter().any(|line| line.contains("object connection")), "{:?}", third.advice);
    let all = [first.steps, third.steps].concat();
    assert!(plan(&e, &diagnose(&e), &rules(), &all).steps.is_empty());
}

#[test]
fn an_anchor_is_stale_only_if_it_is_gone_and_the_person_has_no_other_record() {
    let mut e = gone();
    value(e.records.get_mut(D1).unwrap()).push(record("r1", JANE, MAIL, Some(A1)));
    assert!(!codes(&e).contains(&Cause::StaleAnchor), "another record is there");
    let mut e = gone();
    e.records_by_id.clear();
    assert!(!codes(&e).contains(&Cause::StaleAnchor));
    assert_eq!(needs(&diagnose(&e), Cause::StaleAnchor), Some(vec![Source::ScimUsers]));
    let mut e = gone();
    e.log = gap();
    assert_eq!(needs(&diagnose(&e), Cause::StaleAnchor), Some(vec![Source::ProvisioningLog]));
    assert_eq!(codes(&e), [], "what explains it could not be read");
    let mut e = gone();
    value(&mut e.users)[0].enabled = Some(false);
    assert!(!codes(&e).contains(&Cause::StaleAnchor), "nobody writes a disabled person");
    // A record has the person's name, and who owns it is unread.
    let mut e = gone();
    value(&mut e.mapping).external_id_from = Some("SingleAppRoleAssignment([appRoleAssignments])".to_owned());
    value(e.records.get_mut(D1).unwrap()).push(record("r1", OTHER, MAIL, Some(A1)));
    assert!(!codes(&e).contains(&Cause::StaleAnchor));
    assert_eq!(needs(&diagnose(&e), Cause::StaleAnchor), Some(vec![Source::Users, Source::Schema]));
    // The log begins after the last success.
    let mut e = never_provisioned();
    newest(&mut e, "failure", |entry| entry.error_code = Some("SomeInvalidAnchor".to_owned()));
    assert_eq!(codes(&e), [Cause::StaleAnchor]);
    // It was overcome.
    let mut e = healthy();
    value(&mut e.log).push(LogEntry { error_code: Some("InvalidAnchor".to_owned()), ..LogEntry::default() });
    assert_eq!(codes(&e), []);
}

#[test]
fn an_anchor_on_a_colleagues_record_is_wrong_and_nothing_is_sent() {
    for mut e in [drifted(), never_provisioned()] {
        colleagues(&mut e);
        let found = codes(&e);
        assert!(found.contains(&Cause::WrongAnchor), "{found:?}");
        assert!(!found.contains(&Cause::NeverProvisioned), "{found:?}");
        let plan = planned(&e, &rules());
        assert!(plan.steps.is_empty(), "{:?}", plan.steps);
        let advice = plan.advice.join(" ");
        assert!(advice.contains("objectConnections") && advice.contains("Full"), "{advice}");
    }
    let mut e = never_provisioned();
    colleagues(&mut e);
    e.owners.clear();
    assert!(!codes(&e).contains(&Cause::WrongAnchor));
    assert!(needs(&diagnose(&e), Cause::WrongAnchor).is_some_and(|needs| needs.contains(&Source::Users)));
    e.log = gap();
    assert_eq!(needs(&diagnose(&e), Cause::WrongAnchor), Some(vec![Source::ProvisioningLog]));
    let mut e = never_provisioned();
    colleagues(&mut e);
    newest(&mut e, "success", |entry| entry.target = Some("r8".to_owned()));
    assert_eq!(needs(&diagnose(&e), Cause::WrongAnchor), Some(vec![Source::ScimUsers]), "it was not read");
}

#[test]
fn an_anchor_beside_the_record_with_the_persons_value_is_wrong() {
    // r9 has an older value and belongs to nobody; r1 is the person's.
    let mut e = drifted();
    value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, "jane.old@acme.example", None));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    newest(&mut e, "success", |entry| entry.target = Some("r9".to_owned()));
    assert!(codes(&e).contains(&Cause::WrongAnchor));
    assert!(planned(&e, &rules()).steps.is_empty());
    // The same for a record without an externalId, whose owner nobody can look up.
    let mut unnamed = e.clone();
    super::build::record_of(&mut unnamed, "r9").external_id = None;
    assert!(codes(&unnamed).contains(&Cause::WrongAnchor));
    // In another directory, it is the record of a former job.
    let mut elsewhere = e.clone();
    for read in elsewhere.records.values_mut() {
        value(read).retain(|known| known.id.record != "r9");
    }
    let mut old = record("r9", OTHER, "jane.old@acme.example", None);
    old.id.directory = "directory-2".to_owned();
    elsewhere.records.insert("directory-2".to_owned(), seen(vec![old]));
    assert!(!codes(&elsewhere).contains(&Cause::WrongAnchor));
    // The person has no record with that value, so the anchor is theirs.
    let mut alone = e;
    value(alone.records.get_mut(D1).unwrap()).retain(|known| known.id.record != "r1");
    assert!(!codes(&alone).contains(&Cause::WrongAnchor), "{:?}", codes(&alone));
}

#[test]
fn an_export_that_fails_is_named_with_its_answer() {
    let mut e = drifted();
    newest(&mut e, "failure", |entry| {
        entry.http_status = Some(400);
        entry.scim_type = Some("invalidValue".to_owned());
        entry.detail = Some("the title is too long".to_owned());
        entry.retry_at = Some(at(3600));
    });
    let diagnosis = diagnose(&e);
    let finding = diagnosis.findings.iter().find(|finding| finding.code == Cause::ExportFailing).unwrap();
    let said = &finding.because[0].message;
    for part in ["400", "invalidValue", "the title is too long", "2027-01-15T09:00:00Z"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty(), "it would be refused again");
    assert!(plan.advice.iter().any(|line| line.contains("the title is too long")), "{:?}", plan.advice);
    // A comparison that found nothing to write is newer.
    newest(&mut e, "skipped", |entry| entry.skip_reason = Some("RedundantExport".to_owned()));
    assert!(!codes(&e).contains(&Cause::ExportFailing));
}

#[test]
fn a_failing_export_is_a_symptom_and_blocks_only_without_access() {
    let mut e = healthy();
    newest(&mut e, "failure", |entry| entry.http_status = Some(503));
    assert_eq!((codes(&e), diagnose(&e).verdict), (Vec::new(), Verdict::Healthy), "access is complete");
    e.roles.insert(A1.to_owned(), gap());
    let diagnosis = diagnose(&e);
    assert_eq!((codes(&e), diagnosis.verdict), (Vec::new(), Verdict::CannotTell), "nor may it do harm");
    let undecided = diagnosis.undecided.iter().find(|(cause, _)| *cause == Cause::ExportFailing);
    assert!(undecided.is_some_and(|(_, needs)| needs.contains(&Source::Roles)), "{undecided:?}");
    // What is busy may answer the next attempt.
    let mut e = never_provisioned();
    newest(&mut e, "failure", |entry| entry.http_status = Some(503));
    assert_eq!(codes(&e), [Cause::ExportFailing]);
    assert_eq!(planned(&e, &rules()).steps[0].op.action(), "provision-user");
    // Other causes explain it.
    let mut e = super::build::stale_record();
    assert_eq!(codes(&e), [Cause::StaleRecordConflict]);
    e.log = gap();
    assert!(needs(&diagnose(&e), Cause::ExportFailing).is_some());
    // The key was refused before the last good cycle.
    let mut e = drifted();
    newest(&mut e, "failure", |entry| (entry.http_status, entry.at) = (Some(401), Some(at(-60))));
    value(&mut e.job).last_success = Some(at(-10));
    assert_eq!(codes(&e), [Cause::MembershipDrift]);
    // This program removed the obstacle.
    let mut e = drifted();
    value(&mut e.log).insert(0, LogEntry { at: Some(at(-60)), ..refused("update") });
    e.cleared = Some(at(-10));
    assert_eq!(codes(&e), [Cause::MembershipDrift]);
}

#[test]
fn a_look_up_that_atlassian_cannot_answer_fails_for_a_person_without_a_record() {
    let by_email = |e: &mut Evidence| {
        value(&mut e.mapping).matching =
            vec!["userName".to_owned(), "emails[type eq \"work\"].value".to_owned()];
    };
    let mut e = never_provisioned();
    by_email(&mut e);
    assert_eq!(codes(&e), [Cause::ExportFailing]);
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert!(
        plan.advice.iter().any(|line| line.contains("emails[type eq \"work\"].value")),
        "{:?}",
        plan.advice
    );
    let mut e = drifted();
    by_email(&mut e);
    assert_eq!(codes(&e), [Cause::MembershipDrift], "the job knows the record by its id");
    let mut e = never_provisioned();
    value(&mut e.mapping).matching = vec!["USERNAME".to_owned(), "externalid".to_owned()];
    assert_eq!(codes(&e), [Cause::NeverProvisioned]);
}

#[test]
fn an_account_that_the_organization_does_not_manage_is_never_written() {
    let mut e = drifted();
    account_of(&mut e, A1).claim = crate::evidence::Claim::Unmanaged;
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty());
    assert!(plan.advice.iter().any(|line| line.contains("does not manage account")), "{:?}", plan.advice);
}
