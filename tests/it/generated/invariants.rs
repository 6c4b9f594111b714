//! The rules that hold in every tenant (docs/reference/rules.md#generated-tenants). Each returns what it found wrong.

use std::collections::{BTreeMap, BTreeSet};

use reinstate_core::{Cause, Finding, Op, Plan, Risk, Source, Verdict};
use reinstate_sandbox::generator::Recipe;

use super::lab::{Answer, Lab};

/// One broken rule: which one, of which kind, and the details.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Such as `I2`.
    pub invariant: &'static str,
    /// What two failures of the same kind have in common.
    pub kind: String,
    pub details: String,
}

fn failure(invariant: &'static str, kind: impl Into<String>, details: impl Into<String>) -> Failure {
    Failure { invariant, kind: kind.into(), details: details.into() }
}

/// Everything that is wrong in the tenant of a recipe.
pub async fn broken(recipe: &Recipe) -> Vec<Failure> {
    let lab = Lab::new(recipe);
    let mut failures = Vec::new();
    let Some(answer) = lab.check(&lab.who, &[]).await else { return failures };
    failures.extend(of_answer(&lab, 0, &answer));
    failures.extend(finds_the_fault(&lab, &answer));
    if let Some(again) = lab.check(&lab.who, &[]).await
        && again.plan.digest() != answer.plan.digest()
    {
        failures.push(failure("digest", "differs", "two looks at one world have different digests"));
    }
    // A sweep reads some sources that a check does not read, and the other way round. With one of them refused, the
    // two may know different things.
    if recipe.refused.is_none() && !lab.has_unknown_role {
        failures.extend(sweep_agrees(&lab).await);
    }
    let mut faults = lab.services.wire.faults();
    // A mapping may name an attribute that Graph does not have. Whether it has it is known only after the request.
    faults.retain(|fault| !fault.contains("Could not find a property named"));
    if !faults.is_empty() {
        failures.push(failure(
            "request",
            faults[0].chars().take(60).collect::<String>(),
            format!("{faults:?}"),
        ));
    }
    if !answer.plan.steps.is_empty() {
        for recipe in [recipe, &recipe.with_other_effects()] {
            failures.extend(harmless_steps(recipe, &answer.plan).await);
        }
        failures.extend(whole_repair(recipe).await);
    }
    failures
}

/// I1, I2 and I4 for one answer about one human.
fn of_answer(lab: &Lab, human: usize, answer: &Answer) -> Vec<Failure> {
    if is_undecidable(lab) {
        return touches_another(lab, human, &answer.plan, "I2");
    }
    let mut failures = Vec::new();
    let lacks = lab.lacks(human);
    let verdict = answer.diagnosis.verdict;
    // An account that nothing ties to the person looks like nobody's.
    if lacks.is_none() && lab.is_tied(human) && !answer.plan.steps.is_empty() {
        let kind = answer.plan.steps[0].op.action().to_owned();
        failures.push(failure("I1", format!("complete, and the plan begins with {kind}"), answer.describe()));
    }
    if verdict == Verdict::Healthy {
        if let Some(lacks) = &lacks {
            let kind = lacks.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let details = format!("lacks {lacks}; {}", answer.describe());
            failures.push(failure("I4", format!("healthy without {kind}"), details));
        }
        let groups = &answer.diagnosis.groups;
        if groups.expected.is_none() || groups.present.is_none() {
            failures.push(failure("I4", "healthy with groups unread", answer.describe()));
        }
    }
    failures.extend(touches_another(lab, human, &answer.plan, "I2"));
    failures.extend(apps_are_true(lab, human, answer));
    failures
}

/// Whether all that can be read says that the account of a colleague is the person's: its address, and the only value of
/// its record by which the job knows a person.
fn is_undecidable(lab: &Lab) -> bool {
    let injected = |name: &str| lab.injected.iter().any(|fault| fault.name == name);
    let by_record = injected("external-id-held-by-colleague")
        || (injected("name-held-by-colleague") && !lab.has_external_id);
    injected("email-held-by-colleague") && by_record
}

/// What is said about each app is true: each app that is called present can be opened, each that is called missing
/// cannot, and none is left out.
fn apps_are_true(lab: &Lab, human: usize, answer: &Answer) -> Vec<Failure> {
    let diagnosis = &answer.diagnosis;
    let (Some(present), Some(missing)) = (&diagnosis.apps.present, &diagnosis.apps.missing) else {
        return Vec::new();
    };
    // An account that nothing ties to the person looks like nobody's.
    if diagnosis.account.is_none() && !lab.is_tied(human) {
        return Vec::new();
    }
    // The answer may be about another account of the same human.
    if diagnosis.account.is_some() && diagnosis.account != lab.truth.humans[human].account {
        return Vec::new();
    }
    let told = present.iter().map(|app| (app.name.resource.clone(), true));
    let told: BTreeMap<String, bool> =
        told.chain(missing.iter().map(|app| (app.name.resource.clone(), false))).collect();
    let mut truth = lab.apps(human);
    // Where a local group has the name of an expected one, the apps of the local group count as expected and missing.
    if lab.injected.iter().any(|fault| ["group-name-conflict", "default-group-clash"].contains(&fault.name)) {
        let local = told.iter().filter(|(app, can)| !**can && !truth.contains_key(*app));
        truth.extend(local.map(|(app, can)| (app.clone(), *can)).collect::<Vec<_>>());
    }
    // A renamed group is found through the record only while the record shows it.
    if lab.injected.iter().any(|fault| fault.name == "group-renamed") {
        truth.retain(|app, _| told.contains_key(app));
    }
    if told == truth {
        return Vec::new();
    }
    let kind = if told.len() < truth.len() {
        "left out"
    } else if told.len() > truth.len() {
        "not expected"
    } else {
        "wrong"
    };
    vec![failure("apps", kind, format!("said {told:?}, true {truth:?}; {}", answer.describe()))]
}

/// I2: no step touches what belongs to another living human.
fn touches_another(lab: &Lab, human: usize, plan: &Plan, name: &'static str) -> Vec<Failure> {
    let mut failures = Vec::new();
    for step in &plan.steps {
        let action = step.op.action();
        for record in step.op.records() {
            if let Some(other) = lab.truth.other_owner_of_record(human, &record.record) {
                let details =
                    format!("{} touches the record {} of {}", step.op.says(), record.record, other.name);
                failures.push(failure(name, format!("{action} on a record of another"), details));
            }
        }
        let person = match &step.op {
            Op::ProvisionUser { person, .. } | Op::ProvisionMembership { person, .. } => Some(person),
            _ => None,
        };
        let not_theirs = |id: &&String| lab.truth.humans[human].idp.as_ref() != Some(*id);
        if let Some(person) = person.filter(not_theirs) {
            let details = format!("{} is for {person}", step.op.says());
            failures.push(failure(name, format!("{action} of another user object"), details));
        }
        if let Some(other) =
            step.op.account().and_then(|account| lab.truth.other_owner_of_account(human, account))
        {
            let details = format!("{} touches the account of {}", step.op.says(), other.name);
            failures.push(failure(name, format!("{action} on an account of another"), details));
        }
        if let Op::ParkEmail { from, .. } = &step.op
            && let Some(other) = lab.truth.other_owner_of_address(human, from)
        {
            let details = format!("{} takes the address of {}", step.op.says(), other.name);
            failures.push(failure(name, format!("{action} on an address of another"), details));
        }
    }
    failures
}

/// A single injected fault is found, or its source is unread, or it does no harm.
fn finds_the_fault(lab: &Lab, answer: &Answer) -> Vec<Failure> {
    let [fault] = lab.injected.as_slice() else { return Vec::new() };
    let codes: BTreeSet<_> = fault.codes.iter().copied().collect();
    let diagnosis = &answer.diagnosis;
    let found = codes.is_empty() || !codes.is_disjoint(&answer.codes());
    let told = diagnosis.verdict == Verdict::CannotTell;
    let undecided = !diagnosis.undecided.is_empty() && !diagnosis.unread.is_empty();
    // Whether the job synchronizes everybody cannot be read, and the log shows no success (docs/reference/rules.md).
    let not_assigned = lab.sync_all_unread && answer.codes().contains(&Cause::NotAssigned);
    // Who asks by an account that nothing ties to a user object learns only that.
    let untied = !lab.is_tied(0) && answer.codes().contains(&Cause::IdpUserMissing);
    // What makes the tenant special explains a fault as well, and symptoms are not reported beside it.
    let explained = lab.explains.iter().any(|cause| answer.codes().contains(cause));
    if found || told || undecided || untied || not_assigned || explained || lab.lacks(0).is_none() {
        return Vec::new();
    }
    vec![failure("found", fault.name, answer.describe())]
}

/// A sweep says the same as a check of each account.
async fn sweep_agrees(lab: &Lab) -> Vec<Failure> {
    let swept = lab.sweep().await;
    let mut failures = Vec::new();
    let mut names: BTreeSet<String> = swept.found.keys().cloned().collect();
    for (_, human) in lab.truth.humans.iter().enumerate().filter(|(at, _)| lab.sweep_covers(*at)) {
        // The sweep names a person by one of their addresses, or by the account's id.
        let is_named = names.iter().any(|name| {
            human.account.as_ref() == Some(name)
                || human.addresses.iter().any(|known| known.to_lowercase() == name.to_lowercase())
        });
        if !is_named {
            names.insert(human.asked.clone());
        }
    }
    for name in names {
        let Some(answer) = lab.check(&name, &[]).await else { continue };
        // Without the job, a sweep reads nothing about single accounts.
        if has_no_job(&answer) {
            continue;
        }
        // As advice, this cause is left out of sweeps (docs/causes/group-without-role.md).
        let is_counted = |cause: &Cause| {
            let advice = |finding: &Finding| finding.code == *cause && !finding.blocking;
            *cause != Cause::GroupWithoutRole || !answer.diagnosis.findings.iter().any(advice)
        };
        let checked: BTreeSet<Cause> = answer.codes().into_iter().filter(is_counted).collect();
        let (verdict, mut codes) =
            swept.found.get(&name).cloned().unwrap_or((Verdict::Healthy, checked.clone()));
        codes.retain(is_counted);
        if verdict != answer.diagnosis.verdict {
            let kind = format!("{verdict:?} instead of {:?}", answer.diagnosis.verdict);
            let details =
                format!("{name}: sweep {codes:?} unread {:?}, check {}", swept.unread, answer.describe());
            failures.push(failure("sweep", kind, details));
        } else if codes != checked {
            let differ: Vec<_> = codes.symmetric_difference(&checked).map(|cause| cause.code()).collect();
            let details = format!("{name}: sweep {codes:?}, check {}", answer.describe());
            failures.push(failure("sweep", format!("codes differ in {differ:?}"), details));
        }
        if let Some(at) = lab.truth.humans.iter().position(|human| human.asked == name) {
            failures.extend(of_answer(lab, at, &answer));
        }
    }
    failures
}

/// Whether the job could not be read, as where the wrong application is configured. Then a sweep reads nothing about
/// single accounts.
fn has_no_job(answer: &Answer) -> bool {
    answer.diagnosis.unread.iter().any(|(source, _)| *source == Source::Jobs)
}

/// I3: the steps called harmless reduce nobody's access.
async fn harmless_steps(recipe: &Recipe, plan: &Plan) -> Vec<Failure> {
    let lab = Lab::new(recipe);
    let before = lab.everybody();
    let accounts = lab.accounts_if_tied();
    let mut story = Vec::new();
    for step in plan.steps.iter().take_while(|step| step.risk == Risk::Harmless) {
        story.push(lab.send(&step.op).await);
        let after = lab.everybody();
        for (at, (old, new)) in before.iter().zip(&after).enumerate() {
            if !new.is_at_least(old) {
                let whose = if at == 0 { "the person's" } else { "another's" };
                let details = format!("{}: {old:?} became {new:?}; {story:?}", lab.truth.humans[at].name);
                return vec![failure("I3", format!("{} reduced {whose} access", step.op.action()), details)];
            }
        }
    }
    if accounts.is_some_and(|count| lab.count_accounts() > count) {
        return vec![failure("I3", "made a second account", format!("{story:?}"))];
    }
    Vec::new()
}

/// A whole repair, as if every step were approved: nobody else's access is reduced, and the person has at least what
/// they had. A step that an approver allowed although a source was unread may do both.
async fn whole_repair(recipe: &Recipe) -> Vec<Failure> {
    let lab = Lab::new(recipe);
    let before = lab.everybody();
    let accounts = lab.accounts_if_tied();
    let (mut tried, mut story) = (Vec::new(), Vec::new());
    // With a source unread, an approver decides, and somebody may lose what they have.
    let mut all_was_read = true;
    for round in 0..5 {
        let Some(answer) = lab.check(&lab.who, &tried).await else { break };
        if round > 0 {
            let touched = touches_another(&lab, 0, &answer.plan, "repair");
            if !touched.is_empty() {
                return touched;
            }
        }
        if answer.plan.steps.is_empty() {
            break;
        }
        for step in answer.plan.steps {
            all_was_read &= step.risk == step.op.risk();
            story.push(lab.send(&step.op).await);
            tried.push(step);
            let after = lab.everybody();
            for (at, (old, new)) in before.iter().zip(&after).enumerate().skip(1) {
                if all_was_read && !new.is_at_least(old) {
                    let details = format!("{}: {old:?} became {new:?}; {story:?}", lab.truth.humans[at].name);
                    return vec![failure("repair", "reduced another's access", details)];
                }
            }
        }
    }
    if all_was_read && accounts.is_some_and(|count| lab.count_accounts() > count) {
        return vec![failure("repair", "made a second account", format!("{story:?}"))];
    }
    let after = lab.everybody();
    if all_was_read && !after[0].is_at_least(&before[0]) {
        let last = story.last().and_then(|line| line.split(':').next()).unwrap_or_default().to_owned();
        let details = format!("{:?} became {:?}; {story:?}", before[0], after[0]);
        return vec![failure("repair", format!("the person has less than before, after {last}"), details)];
    }
    Vec::new()
}
