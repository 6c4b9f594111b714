//! The decisions of the watch, as tables and as properties over every combination of inputs.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::evidence::{Domain, Evidence, Job, Read};
use crate::finding::{Cause, Fact, Finding, Verdict};
use crate::tests::build::{at, drifted, healthy};
use crate::{Diagnosis, Source, diagnose};

const MINUTE: i64 = 60;

fn named(looks: u32) -> Named {
    Named { changed_at: at(0), only_at_source: false, looks }
}

fn with(verdict: Verdict, causes: &[Cause]) -> Diagnosis {
    let mut diagnosis = diagnose(&healthy());
    let fact = Fact { source: Source::Users, message: "a fact".into(), seen_at: at(0) };
    diagnosis.verdict = verdict;
    diagnosis.findings =
        causes.iter().map(|cause| Finding { blocking: true, ..Finding::new(*cause, fact.clone()) }).collect();
    diagnosis
}

fn broken(causes: &[Cause]) -> Diagnosis {
    with(Verdict::Broken, causes)
}

/// A job whose last cycle lasted from one minute to another.
fn job(began: i64, ended: i64) -> Read<Job> {
    let (cycle_began, last_cycle) = (Some(at(began * MINUTE)), Some(at(ended * MINUTE)));
    Read::seen(at(0), Job { cycle_began, last_cycle, ..Job::default() })
}

fn judged(diagnosis: &Diagnosis, faults: &[Cause]) -> Judgement {
    judge(diagnosis, &job(-60, -50), faults, &named(0), at(0))
}

#[test]
fn an_intended_removal_is_no_incident() {
    let intended = [Cause::IdpUserMissing, Cause::IdpUserDeleted, Cause::IdpUserDisabled, Cause::NotAssigned];
    for cause in intended {
        for also in Cause::ALL {
            assert_eq!(judged(&broken(&[*also, cause]), &[]), Judgement::Removed, "{cause:?} {also:?}");
        }
        // A person who was not found cannot be judged in another way.
        assert_eq!(judged(&with(Verdict::CannotTell, &[cause]), &[]), Judgement::Removed);
    }
}

#[test]
fn what_is_lost_is_told_with_its_causes_and_advice_is_no_cause() {
    let mut diagnosis = broken(&[Cause::Suspended, Cause::RecordUnlinked, Cause::Suspended]);
    diagnosis.findings[1].blocking = false;
    assert_eq!(judged(&diagnosis, &[]), Judgement::Lost(vec![Cause::Suspended]));
    assert_eq!(
        judged(&broken(&[]), &[]),
        Judgement::Lost(Vec::new()),
        "access is missing, for no known cause"
    );
    assert_eq!(judged(&with(Verdict::Healthy, &[]), &[]), Judgement::Healthy);
    assert_eq!(judged(&with(Verdict::CannotTell, &[Cause::Suspended]), &[]), Judgement::Unknown);
}

#[test]
fn a_fault_of_everybody_is_no_incident_of_a_person() {
    let faults = [Cause::ProvisioningStopped];
    assert_eq!(judged(&broken(&faults), &faults), Judgement::OnlyTenantFault);
    assert_eq!(
        judged(&broken(&[Cause::ProvisioningStopped, Cause::Suspended]), &faults),
        Judgement::Lost(vec![Cause::Suspended])
    );
}

#[test]
fn a_joiner_is_an_incident_after_the_next_cycle_and_not_before() {
    let joiner = broken(&[Cause::NeverProvisioned, Cause::SyncPending]);
    let lost = Judgement::Lost(vec![Cause::SyncPending, Cause::NeverProvisioned]);
    // The change is at minute 0. A cycle that ended before a quarter of an hour ago must be visible.
    let cases = [
        (job(-10, -5), 300, false, "it began before the change"),
        (job(-1, 30), 300, false, "it may have read the person before the change"),
        (job(1, 30), 44, false, "it is not visible yet"),
        (job(1, 30), 45, true, "it has served the others"),
        (Read::Gap("503".into()), 300, false, "it is not known"),
        (Read::NotAsked, 300, false, "it is not known"),
    ];
    for (job, now, told, why) in cases {
        let judgement = judge(&joiner, &job, &[], &named(0), at(now * MINUTE));
        assert_eq!(judgement, if told { lost.clone() } else { Judgement::Joining }, "{why}");
    }
    let (change, again) = decide(None, &Judgement::Joining, &named(0), at(0));
    assert_eq!(change, IncidentChange::Keep);
    assert!(matches!(again, LookAgain::At(when) if when > at(0) && when < at(40 * MINUTE)), "{again:?}");
    // Another cause is told at once.
    let also = broken(&[Cause::NeverProvisioned, Cause::DomainNotClaimed]);
    assert!(matches!(judged(&also, &[]), Judgement::Lost(_)));
}

#[test]
fn a_change_at_the_source_alone_waits_for_a_cycle_too() {
    let drift = broken(&[Cause::MembershipDrift]);
    let by_entra = Named { only_at_source: true, ..named(0) };
    assert_eq!(judge(&drift, &job(-60, -50), &[], &by_entra, at(0)), Judgement::Joining);
    assert_eq!(
        judged(&drift, &[]),
        Judgement::Lost(vec![Cause::MembershipDrift]),
        "Atlassian reports a loss"
    );
    let served = judge(&drift, &job(1, 2), &[], &by_entra, at(60 * MINUTE));
    assert_eq!(served, Judgement::Lost(vec![Cause::MembershipDrift]));
    let suspended = broken(&[Cause::Suspended]);
    assert!(matches!(judge(&suspended, &job(-60, -50), &[], &by_entra, at(0)), Judgement::Lost(_)));
}

#[test]
fn the_same_incident_is_told_once_and_another_cause_again() {
    let lost = |cause| Judgement::Lost(vec![cause]);
    let told = written(&[Cause::Suspended]);
    let (change, _) = decide(None, &lost(Cause::Suspended), &named(0), at(0));
    assert_eq!(change, IncidentChange::Open(told.clone()));
    let (change, _) = decide(Some(&told), &lost(Cause::Suspended), &named(3), at(0));
    assert_eq!(change, IncidentChange::Keep);
    let (change, _) = decide(Some(&told), &lost(Cause::RecordUnlinked), &named(0), at(0));
    assert_eq!(change, IncidentChange::Open(written(&[Cause::RecordUnlinked])));
    let (change, again) = decide(Some(&told), &Judgement::Healthy, &named(0), at(0));
    assert_eq!((change, again), (IncidentChange::Close { recovered: true }, LookAgain::WhenReported));
    let (change, _) = decide(Some(&told), &Judgement::Removed, &named(0), at(0));
    assert_eq!(change, IncidentChange::Close { recovered: false });
}

#[test]
fn what_cannot_be_told_gets_one_more_look() {
    let looks = |looks| decide(None, &Judgement::Unknown, &named(looks), at(0));
    assert_eq!(looks(0), (IncidentChange::Keep, LookAgain::At(at(0))));
    assert_eq!(looks(1), (IncidentChange::Keep, LookAgain::WhenReported));
    // An incident is not given up because a service does not answer.
    let (change, again) = decide(Some("suspended"), &Judgement::Unknown, &named(1), at(0));
    assert_eq!(change, IncidentChange::Keep);
    assert!(matches!(again, LookAgain::At(_)));
}

/// For every judgement, every known incident and every number of looks.
#[test]
fn whatever_is_found_looks_end_and_nothing_is_told_without_a_loss() {
    let judgements = [
        Judgement::Healthy,
        Judgement::Removed,
        Judgement::Joining,
        Judgement::OnlyTenantFault,
        Judgement::Unknown,
        Judgement::Lost(vec![Cause::Suspended]),
        Judgement::Lost(Vec::new()),
    ];
    for judgement in &judgements {
        for open in [None, Some(""), Some("suspended"), Some("email-mismatch suspended")] {
            let mut last = SignedDuration::ZERO;
            for looks in 0..40 {
                let (change, again) = decide(open, judgement, &named(looks), at(0));
                let case = format!("{judgement:?} {open:?} {looks}: {change:?} {again:?}");
                match &change {
                    IncidentChange::Open(causes) => {
                        assert!(matches!(judgement, Judgement::Lost(_)) && open != Some(causes), "{case}");
                    }
                    IncidentChange::Close { .. } => assert!(open.is_some(), "{case}"),
                    IncidentChange::Keep => {}
                }
                if let LookAgain::At(when) = again {
                    let pause = when.duration_since(at(0));
                    assert!(pause <= SignedDuration::from_hours(24), "{case}");
                    assert!(pause >= last || matches!(change, IncidentChange::Open(_)), "{case}");
                    last = pause;
                }
                // A joiner is waited for as long as no cycle has ended.
                let ends = looks > 20
                    && !matches!(
                        (&change, judgement),
                        (IncidentChange::Open(_), _) | (_, Judgement::Joining)
                    );
                assert!(!ends || again == LookAgain::WhenReported, "{case}");
            }
        }
    }
}

/// The job of a tenant, as evidence about nobody.
fn tenant(schedule: &str) -> Evidence {
    let mut evidence = healthy();
    evidence.users = Read::NotAsked;
    evidence.accounts = Read::NotAsked;
    if let Read::Seen { value, .. } = &mut evidence.job {
        value.schedule = Some(schedule.to_owned());
    }
    evidence
}

#[test]
fn a_fault_is_over_when_it_was_read_that_it_is() {
    let since = at(0);
    let stopped = tenant("Disabled");
    let faults = tenant_faults(&stopped);
    assert_eq!(faults.iter().map(|fault| fault.cause).collect::<Vec<_>>(), [Cause::ProvisioningStopped]);
    assert_eq!(faults[0].evidence, "the job's state is Disabled");
    assert!(!is_over(Cause::ProvisioningStopped, &stopped, since));
    assert!(is_over(Cause::ProvisioningStopped, &tenant("Active"), since));
    let mut unread = tenant("Active");
    (unread.job, unread.mapping, unread.domains) =
        (Read::Gap("503".into()), Read::Gap("503".into()), Read::Gap("503".into()));
    assert_eq!(tenant_faults(&unread), []);
    let all = [
        Cause::ScimKeyRejected,
        Cause::ProvisioningQuarantined,
        Cause::ProvisioningStopped,
        Cause::GroupSyncOff,
        Cause::PullSync,
        Cause::DomainNotClaimed,
    ];
    for cause in all {
        assert!(!is_over(cause, &unread, since), "{cause:?}");
    }
}

#[test]
fn a_refused_key_is_over_after_a_cycle_that_succeeds() {
    let cycle = |second| {
        let mut evidence = tenant("Active");
        if let Read::Seen { value, .. } = &mut evidence.job {
            value.last_success = Some(at(second));
            value.last_cycle = Some(at(second));
        }
        evidence
    };
    assert!(!is_over(Cause::ScimKeyRejected, &cycle(-1), at(0)));
    assert!(is_over(Cause::ScimKeyRejected, &cycle(1), at(0)));
}

#[test]
fn what_one_person_lost_is_no_fault_of_everybody() {
    assert!(diagnose(&drifted()).found(Cause::MembershipDrift));
    assert_eq!(tenant_faults(&drifted()), []);
}

#[test]
fn without_any_verified_domain_everybody_is_concerned() {
    let mut evidence = tenant("Active");
    evidence.domains = Read::seen(at(0), vec![Domain { name: "acme.example".into(), verified: false }]);
    let causes: Vec<Cause> = tenant_faults(&evidence).iter().map(|fault| fault.cause).collect();
    assert_eq!(causes, [Cause::DomainNotClaimed]);
}

#[test]
fn a_change_is_read_again_from_its_text() {
    let all = [
        Changed::User("a:b".into()),
        Changed::Account("712020:x".into()),
        Changed::Record(String::new()),
        Changed::Group("g".into()),
        Changed::Organization("domain_removed".into()),
    ];
    for changed in all {
        assert_eq!(Changed::parse(&changed.text()), Some(changed));
    }
    for other in ["", "user", "nobody:1"] {
        assert_eq!(Changed::parse(other), None);
    }
}

#[test]
fn times_at_their_limits_do_no_harm() {
    let named = Named { changed_at: Timestamp::MAX, only_at_source: true, looks: u32::MAX };
    for now in [Timestamp::MIN, Timestamp::MAX] {
        let joiner = broken(&[Cause::NeverProvisioned]);
        assert_eq!(judge(&joiner, &job(0, 1), &[], &named, now), Judgement::Joining);
        let lost = decide(Some(""), &Judgement::Lost(vec![Cause::Suspended]), &named, now);
        assert!(matches!(lost, (IncidentChange::Open(_), LookAgain::At(_))));
        let unknown = decide(Some(""), &Judgement::Unknown, &named, now);
        assert_eq!(unknown, (IncidentChange::Keep, LookAgain::WhenReported));
    }
}
