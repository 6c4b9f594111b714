//! The same scenarios in tenants whose job does not write the object id into `externalId`. The bot's findings and steps
//! must not depend on the mapped attribute. If the value cannot be computed, no record may be touched.

use std::collections::BTreeSet;
use std::sync::Arc;

use reinstate_core::{Cause, Diagnosis, Op, Outcome, Plan, Risk, Verdict};
use reinstate_sandbox::entra::GuestName;
use reinstate_sandbox::external_id::ExternalIdFrom;
use reinstate_sandbox::scenarios::{ALL, Scenario, find};
use reinstate_sandbox::tenant::{DIRECTORY, Tenant};
use reinstate_sandbox::{Sandbox, lock};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::asking::{ask, start};
use crate::bot::{ADA, GRACE, tells_in};
use crate::carrying::begin;

/// How many tenants are read concurrently.
const MAX_CONCURRENT: usize = 8;
/// A function that the simulated job knows and the bot does not.
const UNKNOWN: ExternalIdFrom = ExternalIdFrom::Expression("PCase([mailNickname])");

/// A scenario with another result if the object id is not the identity: the expected causes and steps.
struct Different {
    story: &'static str,
    finds: &'static [Cause],
    steps: &'static [&'static str],
}

const DIFFERENT: &[Different] = &[
    // The former value is not an object id, so nothing shows that an object was deleted and created again. Two facts
    // are left: an old record without an owner on the right account, and a refused create. The steps are the same under
    // another code.
    Different {
        story: "identity-recreated",
        finds: &[Cause::StaleRecordConflict, Cause::EmailHeldByManagedAccount],
        steps: &[
            "unlink-record",
            "delete-record",
            "provision-user",
            "provision-membership",
            "provision-membership",
        ],
    },
    // The same, but the account has another person's name and is older than the object. The program must not give it to
    // Jane, whatever the name of its record is.
    Different {
        story: "identity-recreated-recycled",
        finds: &[Cause::StaleRecordConflict, Cause::EmailHeldByManagedAccount],
        steps: &[],
    },
];

fn mapped(scenario: &Scenario, from: ExternalIdFrom) -> Tenant {
    let mut tenant = scenario.tenant();
    tenant.map_external_id(from);
    tenant
}

/// What can be compared between two tenants: the verdict, the codes, and the steps with their risk.
#[derive(Debug, PartialEq)]
struct Answer {
    verdict: Verdict,
    codes: BTreeSet<(Cause, bool)>,
    steps: Vec<(Op, Risk)>,
    unread: usize,
}

impl Answer {
    fn of(diagnosis: &Diagnosis, plan: &Plan) -> Self {
        Self {
            verdict: diagnosis.verdict,
            codes: diagnosis.findings.iter().map(|finding| (finding.code, finding.blocking)).collect(),
            steps: plan.steps.iter().map(|step| (step.op.clone(), step.risk)).collect(),
            unread: diagnosis.unread.len(),
        }
    }

    fn says(&self) -> String {
        let steps: Vec<String> =
            self.steps.iter().map(|(op, risk)| format!("{} ({})", op.action(), risk.word())).collect();
        format!("{:?} {:?}, steps {steps:?}, {} unread", self.verdict, self.codes, self.unread)
    }
}

async fn answer(sandbox: &Sandbox, who: &str) -> (Answer, Plan) {
    let (diagnosis, plan) = ask(sandbox, who).await;
    (Answer::of(&diagnosis, &plan), plan)
}

/// Reads each scenario in its own tenant, several concurrently. Returns what is wrong with each answer.
async fn of_each<F, T>(stories: impl Iterator<Item = &'static Scenario>, look: F) -> Vec<String>
where
    F: Fn(&'static Scenario) -> T + Copy + Send + 'static,
    T: Future<Output = Option<String>> + Send,
{
    let turns = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut looks = JoinSet::new();
    for scenario in stories {
        let turns = turns.clone();
        looks.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            look(scenario).await.map(|wrong| format!("{}: {wrong}", scenario.name))
        });
    }
    let mut wrong: Vec<String> = looks.join_all().await.into_iter().flatten().collect();
    wrong.sort();
    wrong
}

/// Checks that the scenario has the same answer in the mapped tenant, or the one from the table.
async fn is_the_same(scenario: &'static Scenario, from: ExternalIdFrom) -> Option<String> {
    let there = start(mapped(scenario, from)).await;
    let (found, plan) = answer(&there, scenario.who).await;
    let faults = there.wire.faults();
    if !faults.is_empty() {
        return Some(format!("{faults:?}"));
    }
    if let Some(different) = DIFFERENT.iter().find(|one| one.story == scenario.name) {
        let codes: BTreeSet<(Cause, bool)> = different.finds.iter().map(|code| (*code, true)).collect();
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
        let right = found.codes == codes && steps == different.steps && found.unread == 0;
        return (!right).then(|| format!("{}; wanted {codes:?}, steps {:?}", found.says(), different.steps));
    }
    let (here, _) = answer(&start(scenario.tenant()).await, scenario.who).await;
    (found != here).then(|| format!("{}\n    by object id {}", found.says(), here.says()))
}

async fn by_nickname(scenario: &'static Scenario) -> Option<String> {
    is_the_same(scenario, ExternalIdFrom::MailNickname).await
}

async fn by_employee_id(scenario: &'static Scenario) -> Option<String> {
    is_the_same(scenario, ExternalIdFrom::EmployeeId).await
}

async fn by_extension_attribute(scenario: &'static Scenario) -> Option<String> {
    is_the_same(scenario, ExternalIdFrom::ExtensionAttribute1).await
}

async fn by_expression(scenario: &'static Scenario) -> Option<String> {
    let expression = "Append(ToLower(Coalesce([mailNickname], [employeeId])), \"-acme\")";
    is_the_same(scenario, ExternalIdFrom::Expression(expression)).await
}

fn fine(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} stories:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_has_the_same_answer_where_external_id_is_the_mail_nickname() {
    fine(&of_each(ALL.iter(), by_nickname).await);
}

/// Each scenario with one of three other mappings. Scenarios with a conflicting record are tried with all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_does_not_depend_on_which_attribute_external_id_is() {
    let share = |turn: usize| {
        ALL.iter().enumerate().filter(move |(at, scenario)| {
            let record = scenario.finds.iter().any(|cause| {
                matches!(
                    cause,
                    Cause::StaleRecordConflict | Cause::EmailHeldByManagedAccount | Cause::OrphanedRecord
                )
            });
            at % 3 == turn || record
        })
    };
    let mut wrong = of_each(share(0).map(|(_, one)| one), by_employee_id).await;
    wrong.extend(of_each(share(1).map(|(_, one)| one), by_extension_attribute).await);
    wrong.extend(of_each(share(2).map(|(_, one)| one), by_expression).await);
    fine(&wrong);
}

/// The owner of the record cannot be resolved, so the record counts as another person's.
async fn touches_a_record_of_unknown_owner(scenario: &'static Scenario) -> Option<String> {
    let sandbox = start(mapped(scenario, UNKNOWN)).await;
    let has_job = lock(&sandbox.entra).atlassian_job().is_some();
    let (found, _) = answer(&sandbox, scenario.who).await;
    let record = |op: &Op| {
        matches!(op, Op::UnlinkRecord { .. } | Op::DeleteRecord { .. } | Op::ForgetAccountRecords { .. })
    };
    let touched = has_job && found.steps.iter().any(|(op, _)| record(op));
    let faults = sandbox.wire.faults();
    (touched || !faults.is_empty()).then(|| format!("{} {faults:?}", found.says()))
}

/// The conflicting record is in a directory without a key. Only the person's address identifies it, whatever is mapped,
/// and an approver decides.
const BY_ADDRESS: &str = "two-directories";

#[tokio::test(flavor = "multi_thread")]
async fn no_record_is_unlinked_or_deleted_where_external_id_cannot_be_computed() {
    let others = ALL.iter().filter(|scenario| scenario.name != BY_ADDRESS);
    fine(&of_each(others, touches_a_record_of_unknown_owner).await);
}

/// Provisioning a person writes into the record that the job considers theirs. Whether it is theirs cannot be
/// determined.
async fn sends_without_an_approver(scenario: &'static Scenario) -> Option<String> {
    let tenant = mapped(scenario, UNKNOWN);
    let here = tenant.atlassian.bearer(scenario.who).map(|account| account.id.clone());
    let theirs = tenant.atlassian.scim_users.values().any(|record| {
        let linked = here.is_some() && record.account == here;
        record.directory == DIRECTORY && (linked || record.user_name == scenario.who)
    });
    let sandbox = start(tenant).await;
    let (found, _) = answer(&sandbox, scenario.who).await;
    let alone = found.steps.iter().any(|(op, risk)| op.rung() <= 2 && *risk == Risk::Harmless);
    (theirs && alone).then(|| found.says())
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioning_is_not_harmless_where_external_id_cannot_be_computed() {
    fine(&of_each(ALL.iter(), sends_without_an_approver).await);
}

/// Scenarios that need the person's own record: the older name of a group, and which of two accounts is theirs.
const BY_THE_RECORD: &[&str] = &["group-renamed", "healthy-second-account"];

/// Complete access stays complete, even if nothing can be computed.
async fn is_not_left_alone(scenario: &'static Scenario) -> Option<String> {
    let sandbox = start(mapped(scenario, UNKNOWN)).await;
    let (found, _) = answer(&sandbox, scenario.who).await;
    (found.verdict != Verdict::Healthy || !found.steps.is_empty()).then(|| found.says())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_access_is_healthy_where_external_id_cannot_be_computed() {
    let healthy = ALL.iter().filter(|scenario| scenario.ends == Outcome::Healthy);
    let healthy = healthy.filter(|scenario| !BY_THE_RECORD.contains(&scenario.name));
    fine(&of_each(healthy, is_not_left_alone).await);
}

/// Carries out a repair to its end in the mapped tenant, with every approval given.
async fn ends_otherwise(scenario: &'static Scenario) -> Option<String> {
    let sandbox = start(mapped(scenario, ExternalIdFrom::MailNickname)).await;
    lock(&sandbox.entra).switches.limit_requests = 1000;
    let before = others(&sandbox);
    let (run, events) = begin(&sandbox, scenario.who).await.approve().await;
    let outcome = run.ended.as_ref().map(|(outcome, _)| *outcome);
    // An admin must resolve a group whose name is taken, and also an account with another name.
    let advice = scenario.finds.contains(&Cause::GroupNameConflict) || scenario.ends == Outcome::Advice;
    let wanted = if advice { Outcome::Advice } else { Outcome::Restored };
    let (now, _) = answer(&sandbox, scenario.who).await;
    let proven = wanted != Outcome::Restored || now.verdict == Verdict::Healthy;
    let faults = sandbox.wire.faults();
    let untouched = others(&sandbox) == before;
    let right = outcome == Some(wanted) && proven && faults.is_empty() && untouched;
    let kinds: Vec<&str> = events.iter().map(reinstate_core::Event::kind).collect();
    (!right).then(|| {
        format!(
            "{outcome:?}, wanted {wanted:?}; colleagues untouched: {untouched}; {faults:?}\n    {}\n    {kinds:?}",
            now.says()
        )
    })
}

/// The current accounts and records of the colleagues.
fn others(sandbox: &Sandbox) -> Vec<String> {
    let atlassian = lock(&sandbox.atlassian);
    let is_other = |address: &str| ["ada", "grace", "vera"].iter().any(|name| address.starts_with(name));
    let accounts = atlassian.accounts.values().filter(|account| is_other(&account.email));
    let accounts = accounts.map(|one| format!("{} {} {:?}", one.id, one.email, one.status));
    let records = atlassian.scim_users.values().filter(|record| is_other(&record.email));
    let records =
        records.map(|one| format!("{} {} {:?} {:?}", one.id, one.user_name, one.external_id, one.account));
    accounts.chain(records).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_repair_ends_the_same_where_external_id_is_the_mail_nickname() {
    let repaired = ALL.iter().filter(|scenario| scenario.ends == Outcome::Restored);
    fine(&of_each(repaired, ends_otherwise).await);
}

/// The case of "email-held" through Slack, and the requests that may follow it.
#[tokio::test(flavor = "multi_thread")]
async fn the_forums_case_is_repaired_and_the_account_left_over_retired_by_nickname() {
    let tenant = mapped(find("email-held").unwrap(), ExternalIdFrom::MailNickname);
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            let approve = async || {
                bot.until("a plan", |run| {
                    run.ended.is_some() || run.current.as_ref().is_some_and(|c| c.digest.is_some())
                })
                .await;
                bot.is_quiet().await;
                bot.clicks(GRACE, "reinstate.approve").await;
            };
            bot.says(ADA, "repair jane@acme.example").await;
            approve().await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.clicks(ADA, "reinstate.retire").await;
            bot.hears(ADA, "The run has begun").await;
            bot.until("its own run", |run| run.ended.is_none() || run.admitted.is_some()).await;
            bot.sees("Deactivate account").await;
            approve().await;
            assert_eq!(bot.ends().await, Outcome::Done);
            bot.reads_all();
        },
    )
    .await;
}

/// The new object received the nickname of the old one, so the record belongs to the person. It does not conflict, and
/// keeps its account.
#[tokio::test(flavor = "multi_thread")]
async fn a_recreated_person_of_the_same_nickname_keeps_the_record() {
    let mut tenant = mapped(find("identity-recreated").unwrap(), ExternalIdFrom::MailNickname);
    tenant.entra.log.clear();
    for record in tenant.atlassian.scim_users.values_mut().filter(|one| one.user_name.starts_with("jane")) {
        record.external_id = Some("jane".to_owned());
    }
    let sandbox = start(tenant).await;
    let linked = |sandbox: &Sandbox| {
        let atlassian = lock(&sandbox.atlassian);
        let record = atlassian.scim_users.values().find(|one| one.user_name.starts_with("jane"));
        record.map(|record| (record.id.clone(), record.account.clone()))
    };
    let before = linked(&sandbox);
    let (found, _) = answer(&sandbox, "jane@acme.example").await;
    assert!(found.steps.iter().all(|(op, _)| op.rung() <= 2), "{}", found.says());
    begin(&sandbox, "jane@acme.example").await.approve().await;
    assert_eq!(linked(&sandbox), before);
}

/// A colleague's record contains Jane's name. By the object id or by the nickname, it belongs to the colleague: it is
/// not moved, and nothing is sent that would write into it. If the value cannot be computed, an approver may allow the
/// send.
#[tokio::test(flavor = "multi_thread")]
async fn a_living_colleagues_record_is_left_alone() {
    let mut wrong = Vec::new();
    for from in [ExternalIdFrom::ObjectId, ExternalIdFrom::MailNickname, ExternalIdFrom::EmployeeId, UNKNOWN]
    {
        let mut tenant = find("stale-record-conflict").unwrap().tenant();
        let vera = tenant.entra.users.values().find(|user| user.upn.starts_with("vera")).unwrap().id.clone();
        tenant.atlassian.scim_users.retain(|_, record| record.external_id.as_deref() != Some(&*vera));
        let records = tenant.atlassian.scim_users.values_mut();
        for record in records.filter(|one| one.user_name.starts_with("jane")) {
            record.external_id = Some(vera.clone());
        }
        tenant.map_external_id(from);
        let (found, _) = answer(&start(tenant).await, "jane@acme.example").await;
        let asked = |(op, risk): &(Op, Risk)| from == UNKNOWN && op.rung() <= 2 && *risk == Risk::Disruptive;
        if !found.steps.iter().all(asked) {
            wrong.push(format!("{from:?}: {}", found.says()));
        }
    }
    fine(&wrong);
}

/// Two people have the value, so the owner of the record is unknown and the record is not touched.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_value_two_people_have_is_left_alone() {
    let mut tenant = mapped(find("stale-record-conflict").unwrap(), ExternalIdFrom::MailNickname);
    let colleagues = tenant.entra.users.values_mut().filter(|user| !user.upn.starts_with("jane"));
    for user in colleagues.take(2) {
        user.mail_nickname = Some("import-1042".to_owned());
    }
    let (found, _) = answer(&start(tenant).await, "jane@acme.example").await;
    assert!(found.steps.iter().all(|(op, risk)| op.rung() < 4 && *risk > Risk::Harmless), "{}", found.says());
}

/// The job writes no value for a person who has none. The answer and the steps stay the same. A record without a value
/// names no owner, so an approver decides if its owner matters.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_nickname_has_the_same_answer() {
    let mut wrong = Vec::new();
    for name in ["healthy", "membership-drift", "stale-record-conflict", "record-unlinked", "suspended"] {
        let scenario = find(name).unwrap();
        let mut tenant = mapped(scenario, ExternalIdFrom::MailNickname);
        let jane = tenant.entra.users.values_mut().find(|user| user.upn == scenario.who).unwrap();
        jane.mail_nickname = None;
        let id = jane.id.clone();
        for record in tenant.atlassian.scim_users.values_mut() {
            record.external_id = record.external_id.take().filter(|value| value != "jane");
        }
        if let Some(export) = tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&id)) {
            export.attributes.remove("externalId");
        }
        let (found, _) = answer(&start(tenant).await, scenario.who).await;
        let (here, _) = answer(&start(scenario.tenant()).await, scenario.who).await;
        let ops = |answer: &Answer| answer.steps.iter().map(|(op, _)| op.clone()).collect::<Vec<_>>();
        // At most one thing more is unread: that nothing shows the owner of a record.
        let unread = here.unread..=here.unread + 1;
        let same =
            (&found.verdict, &found.codes) == (&here.verdict, &here.codes) && unread.contains(&found.unread);
        let not_milder = found.steps.iter().zip(&here.steps).all(|((_, risk), (_, before))| risk >= before);
        if !same || ops(&found) != ops(&here) || !not_milder {
            wrong.push(format!("{name}: {}\n    by object id {}", found.says(), here.says()));
        }
    }
    fine(&wrong);
}

/// The documents disagree about the name of a guest. Existing access counts in both cases.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_access_is_healthy_whichever_name_the_job_writes() {
    let scenario = find("healthy-guest").unwrap();
    for from in [ExternalIdFrom::ObjectId, ExternalIdFrom::MailNickname] {
        for (name, user_name) in [
            (GuestName::Ours, "jane_partner.example@acme.example"),
            (GuestName::Theirs, "jane@partner.example"),
        ] {
            let mut tenant = mapped(scenario, from);
            tenant.entra.switches.guest_name = name;
            let records = &mut tenant.atlassian.scim_users;
            let record = records.values_mut().find(|one| one.email == scenario.who).unwrap();
            user_name.clone_into(&mut record.user_name);
            let (found, _) = answer(&start(tenant).await, scenario.who).await;
            let healthy = found.verdict == Verdict::Healthy && found.steps.is_empty();
            assert!(healthy, "{from:?} {name:?}: {}", found.says());
        }
    }
}

#[test]
fn the_table_names_stories_that_are_there() {
    for different in DIFFERENT {
        assert!(find(different.story).is_some(), "{}", different.story);
    }
}
