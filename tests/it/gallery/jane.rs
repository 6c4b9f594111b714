//! The person in most messages of the gallery, what is wrong with her access, and the entries of a run. Ids and times
//! are fixed, so that a message has the same text every day.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reinstate::config::{Access, Grant};
use reinstate::slack::cards::View;
use reinstate_core::Fold as _;
use reinstate_core::diagnose::{Candidate, CandidateKind, Mark, Station, diagnose};
use reinstate_core::finding::{Cause, Fact, Finding, Verdict};
use reinstate_core::names::{AccountName, LastUse};
use reinstate_core::run::{EndMessage, Limits, Next, Request, Requester};
use reinstate_core::subject::RecordId;
use reinstate_core::{
    Diagnosis, Event, Evidence, Goal, Op, Outcome, Plan, Rules, Run, Source, Step, Subject, Ticket, Vendor,
    Who,
};
use serde_json::json;

use super::page::Page;

pub const RUN: &str = "01a22b0e-0438-7587-8f82-176a680e8a9b";
pub const EARLIER: &str = "01a22a00-0000-7000-8000-000000000001";
pub const JANE: &str = "jane@acme.example";
/// The account that Jane works with.
pub const OWN: &str = "712020:93c3f6a0-0000-4000-8000-000000000004";
/// The idle account that has her address.
pub const IDLE: &str = "712020:93c3f6a0-0000-4000-8000-000000000005";
pub const RECORD: &str = "5578ea37-0000-4000-8000-000000000004";
const PERSON: &str = "3b9f61aa-0000-4000-8000-000000000004";
pub const HEAD: &str = "16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc";
pub const ADMINS: &str = "C0ADMINS";
pub const LINK: &str = "https://acme.slack.com/archives/C0ADMINS/p1";

/// The time this many seconds after the request.
pub fn at(second: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-30T09:00:00Z".parse().unwrap();
    begin + SignedDuration::from_secs(second)
}

pub fn access() -> Access {
    let users = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>();
    let grant = |ids: &[&str], groups: &[&str]| Grant { users: users(ids), usergroups: users(groups) };
    Access {
        protected: Vec::new(),
        viewer: grant(&[], &["S0HELPDESK"]),
        operator: grant(&["U0ADA"], &[]),
        approver: grant(&["U0GRACE"], &[]),
    }
}

pub fn limits() -> Limits {
    let hour = Duration::from_secs(3600);
    Limits { expire_after: hour, start_within: hour }
}

pub fn who() -> Who {
    Who::Email(JANE.to_owned())
}

pub fn asked(by: &str, aim: Goal) -> Request {
    Request {
        by: Requester::with_id(by),
        channel: ADMINS.to_owned(),
        text: JANE.to_owned(),
        response_url: None,
        aim,
        helps: None,
    }
}

pub fn station(name: &str, mark: Mark, says: &str) -> Station {
    Station { name: name.to_owned(), mark, message: says.to_owned() }
}

pub fn finding(code: Cause, facts: &[(Source, &str)]) -> Finding {
    let fact = |(source, says): &(Source, &str)| Fact {
        source: *source,
        message: (*says).to_owned(),
        seen_at: at(20),
    };
    Finding { code, blocking: code.blocks(), because: facts.iter().map(fact).collect() }
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Nothing is wrong with Jane's access.
pub fn healthy() -> Diagnosis {
    let subject = Subject {
        person: Some(PERSON.to_owned()),
        accounts: [OWN.to_owned()].into(),
        ..Subject::asked(who())
    };
    let mut found = diagnose(&Evidence::new(subject, at(20)));
    found.email = Some(JANE.to_owned());
    found.name = Some("Jane Doe".to_owned());
    found.account = Some(OWN.to_owned());
    found.person = Some(PERSON.to_owned());
    found.record = Some(RECORD.to_owned());
    found.verdict = Verdict::Healthy;
    found.findings = Vec::new();
    found.undecided = Vec::new();
    found.unread = Vec::new();
    found.candidates = Vec::new();
    found.groups.expected = names(&["jira-users", "wiki-users"]);
    found.groups.present = names(&["jira-users", "wiki-users"]);
    found.groups.missing = names(&[]);
    let account = |last_use| AccountName {
        name: Some("Jane Doe".to_owned()),
        added: Some("2026-03-02".to_owned()),
        last_use,
    };
    found.names.accounts = [
        (OWN.to_owned(), account(LastUse::On("2026-11-27".to_owned()))),
        (IDLE.to_owned(), account(LastUse::Never)),
    ]
    .into();
    found.trail = vec![
        station("Identity provider", Mark::Good, "exists and is enabled"),
        station("Provisioning", Mark::Good, "assigned; the job runs"),
        station("SCIM record", Mark::Good, &format!("linked to account {OWN}")),
        station("Atlassian account", Mark::Good, "active"),
        station("Groups", Mark::Good, "2 of 2 expected"),
        station("Apps", Mark::Good, "at least one app role"),
    ];
    found
}

/// Jane was renamed, and an idle account has her new address.
pub fn email_held() -> Diagnosis {
    let mut found = broken();
    found.trail[2] =
        station("SCIM record", Mark::Broken, "Another managed account uses the person's address");
    let conflict = "Atlassian refused the identity provider with 409: Resource [USER]: with \
                    email[jane@acme.example] already exists.";
    found.findings = vec![finding(
        Cause::EmailHeldByManagedAccount,
        &[
            (Source::ScimLinks, &format!("the person's record {RECORD} is linked to account {OWN}")),
            (
                Source::Accounts,
                &format!("account {OWN} bears jane.miller@acme.example, while account {IDLE} bears {JANE}"),
            ),
            (Source::ProvisioningLog, conflict),
        ],
    )];
    found
}

/// Memberships were lost on the way, and nothing else is wrong.
pub fn drift() -> Diagnosis {
    let mut found = broken();
    found.findings = vec![finding(
        Cause::MembershipDrift,
        &[(Source::ScimGroups, "the synced groups jira-users, wiki-users lack the person's record")],
    )];
    found
}

fn broken() -> Diagnosis {
    let mut found = healthy();
    found.verdict = Verdict::Broken;
    found.groups.present = names(&[]);
    found.groups.missing = names(&["jira-users", "wiki-users"]);
    found.trail[4] = station("Groups", Mark::Broken, "0 of 2 expected");
    found.trail[5] = station("Apps", Mark::Broken, "no app role");
    found
}

/// A case in which only a person can help.
pub fn not_assigned() -> (Diagnosis, Plan) {
    let mut found = broken();
    found.groups.expected = names(&[]);
    found.groups.missing = names(&[]);
    found.trail[1] = station("Provisioning", Mark::Broken, "not assigned");
    found.findings = vec![finding(
        Cause::NotAssigned,
        &[(Source::Assignments, "neither the person nor a group they are a direct member of is assigned")],
    )];
    let advice = format!(
        "Assign {JANE} (object id {PERSON}): make them a direct member of a group that is assigned (jira-users, wiki-users)."
    );
    let plan = Plan::advice_only(found.subject.clone(), &found.findings, vec![advice]);
    (found, plan)
}

/// A case for Atlassian support.
pub fn ticket() -> (Diagnosis, Plan) {
    let (mut found, mut plan) = not_assigned();
    found.findings = vec![finding(
        Cause::EmailHeldOutside,
        &[(Source::Accounts, "no account of the organization bears the address")],
    )];
    plan.advice = vec![format!("An account that this organization does not manage bears {JANE}.")];
    plan.tickets = vec![Ticket {
        to: Vendor::Atlassian,
        text: format!(
            "User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001. It concerns one person: \
             address {JANE}. Please tell us what kind of account bears the address, and how it can be released to us."
        ),
    }];
    (found, plan)
}

/// A case in which not everything could be read.
pub fn cannot_tell() -> (Diagnosis, Plan) {
    let mut found = healthy();
    found.verdict = Verdict::CannotTell;
    found.groups.present = None;
    found.groups.missing = None;
    found.trail[3] = station("Atlassian account", Mark::Unread, "not read");
    found.trail[4] = station("Groups", Mark::Unread, "not read");
    found.trail[5] = station("Apps", Mark::Unread, "not read");
    found.unread = vec![(Source::Accounts, "Atlassian answered 503 Service Unavailable".to_owned())];
    let plan = Plan::advice_only(found.subject.clone(), &[], Vec::new());
    (found, plan)
}

/// A case with two accounts, either of which could be kept.
pub fn two_accounts() -> (Diagnosis, Plan) {
    let mut found = email_held();
    let candidate = |id: &str, email: &str, says: &[&str]| Candidate {
        kind: CandidateKind::AtlassianAccount,
        id: id.to_owned(),
        email: Some(email.to_owned()),
        name: Some("Jane Doe".to_owned()),
        remarks: says.iter().map(|text| (*text).to_owned()).collect(),
    };
    found.candidates = vec![
        candidate(
            OWN,
            "jane.miller@acme.example",
            &["last used 2026-10-02", "linked to the person's record"],
        ),
        candidate(IDLE, JANE, &["last used 2026-09-14", "in 2 groups"]),
    ];
    let advice = "Both accounts were used. Pick the account to be kept.".to_owned();
    let plan = Plan::advice_only(found.subject.clone(), &found.findings, vec![advice]);
    (found, plan)
}

pub fn step(op: Op) -> Step {
    Step { risk: op.risk(), undo: op.undo(), op, before: json!({}) }
}

pub fn plan_of(found: &Diagnosis, ops: Vec<Op>, cost: &[&str]) -> Plan {
    let mut plan = Plan::advice_only(found.subject.clone(), &found.findings, Vec::new());
    plan.steps = ops.into_iter().map(step).collect();
    plan.cost = cost.iter().map(|text| (*text).to_owned()).collect();
    plan
}

pub fn write_record() -> Op {
    Op::ProvisionUser { person: PERSON.to_owned(), account: Some(OWN.to_owned()), email: JANE.to_owned() }
}

pub fn write_membership(group: &str) -> Op {
    Op::ProvisionMembership {
        person: PERSON.to_owned(),
        group: format!("id-of-{group}"),
        group_name: group.to_owned(),
        account: Some(OWN.to_owned()),
    }
}

pub fn park() -> Op {
    Op::ParkEmail {
        account: IDLE.to_owned(),
        from: JANE.to_owned(),
        to: "parked-5232704f3027377f@acme.example".to_owned(),
    }
}

pub fn record_id() -> RecordId {
    RecordId { directory: "6c2f0000-0000-4000-8000-000000000001".to_owned(), record: RECORD.to_owned() }
}

/// The destructive plan for [`email_held`].
pub fn parking() -> (Diagnosis, Plan) {
    let found = email_held();
    let ops = vec![park(), write_record(), write_membership("jira-users")];
    let cost = format!(
        "Account {IDLE}, never used, is signed out everywhere and can no longer sign in with {JANE}."
    );
    let plan = plan_of(&found, ops, &[&cost]);
    (found, plan)
}

/// The harmless plan for [`drift`].
pub fn memberships() -> (Diagnosis, Plan) {
    let found = drift();
    let ops = vec![write_membership("jira-users"), write_membership("wiki-users")];
    let plan = plan_of(&found, ops, &[]);
    (found, plan)
}

/// The plan that undoes the parking of an address.
pub fn undo_plan() -> (Diagnosis, Plan) {
    let found = healthy();
    let op = Op::ReturnEmail {
        account: IDLE.to_owned(),
        from: "parked-5232704f3027377f@acme.example".to_owned(),
        to: "jane.old@acme.example".to_owned(),
    };
    let plan = plan_of(&found, vec![op], &[&format!("Account {IDLE} is signed out everywhere.")]);
    (found, plan)
}

/// The plan that retires the idle account.
pub fn retire_plan() -> (Diagnosis, Plan) {
    let found = healthy();
    let op = Op::DeactivateAccount { account: IDLE.to_owned() };
    let cost = format!("Account {IDLE}, never used, is signed out everywhere and can no longer sign in.");
    let plan = plan_of(&found, vec![op], &[&cost]);
    (found, plan)
}

/// Nothing is left to do.
pub fn restored() -> (Diagnosis, Plan) {
    let found = healthy();
    let plan = Plan::advice_only(found.subject.clone(), &[], Vec::new());
    (found, plan)
}

/// The history of a run: its entries, ten seconds apart.
#[derive(Clone)]
pub struct Story {
    pub events: Vec<(i64, Timestamp, Event)>,
    /// The time of the view.
    pub now: Timestamp,
    pub digest: Option<String>,
    /// Whether the card requests approvals.
    pub asks_here: bool,
    /// The approvers whom the plan is about.
    pub concerned: Vec<String>,
    /// The later run that undid this one.
    pub undone_by: Option<&'static str>,
    /// The later run that removed its left-over account.
    pub removed_by: Option<&'static str>,
    pub docs: Option<&'static str>,
}

impl Story {
    pub fn asked(aim: Goal) -> Self {
        let events = Vec::new();
        let story = Self {
            events,
            now: at(0),
            digest: None,
            asks_here: true,
            concerned: Vec::new(),
            undone_by: None,
            removed_by: None,
            docs: None,
        };
        story.and(Event::Opened { asked: asked("U0ADA", aim), part: None })
    }

    /// A repair whose requester was admitted.
    pub fn repair() -> Self {
        Self::of(Goal::default())
    }

    /// A run with this goal, whose requester was admitted.
    pub fn of(aim: Goal) -> Self {
        Self::asked(aim).and(Event::Admitted { rule: "access.operator.users".to_owned(), who: who() })
    }

    pub fn and(mut self, event: Event) -> Self {
        let seq = self.events.len() as i64 + 1;
        self.now = at((seq - 1) * 10);
        self.events.push((seq, self.now, event));
        self
    }

    pub fn planned(mut self, (found, plan): (Diagnosis, Plan)) -> Self {
        self.digest = plan.digest();
        let digest = self.digest.clone();
        self.and(Event::Planned { diagnosis: Box::new(found), plan: Box::new(plan), digest })
    }

    /// The digest of the newest plan.
    pub fn digest(&self) -> String {
        self.digest.clone().unwrap()
    }

    pub fn approved(self) -> Self {
        let digest = self.digest();
        self.and(Event::Approved { by: "U0GRACE".to_owned(), digest })
    }

    /// Adds the begin of a step. `needs` is the number of approvals it needed.
    pub fn began(self, step: usize, needs: u32) -> Self {
        self.and(Event::Began { step, before: json!({}), needs: Some(needs) })
    }

    pub fn confirmed(self, step: usize) -> Self {
        self.and(Event::Confirmed { step, after: json!({}) })
    }

    pub fn ended(self, outcome: Outcome, message: impl Into<EndMessage>) -> Self {
        self.and(Event::Ended { outcome, message: message.into() })
    }

    /// Sets the time of the view to this many seconds after the request.
    pub fn seen_at(mut self, second: i64) -> Self {
        self.now = at(second);
        self
    }

    pub fn run(&self) -> Run {
        Run::fold(self.events.iter().map(|(seq, at, event)| (*seq, *at, event))).unwrap()
    }

    /// Draws a view of this history.
    pub fn draws<T>(&self, draw: impl FnOnce(&View<'_>) -> T) -> T {
        let (run, rules, limits, access) = (self.run(), Rules::default(), limits(), access());
        let docs = self.docs.map(|docs| docs.parse().unwrap());
        draw(&View {
            id: RUN,
            run: &run,
            events: &self.events,
            rules: &rules,
            limits: &limits,
            access: &access,
            now: self.now,
            head: run.ended.is_some().then(|| HEAD.to_owned()),
            channel: ADMINS,
            asks_here: self.asks_here,
            concerned: &self.concerned,
            undone_by: self.undone_by,
            removed_by: self.removed_by,
            docs: docs.as_ref(),
        })
    }

    pub fn next(&self) -> Next {
        self.run().next(self.now, &Rules::default(), &limits())
    }

    /// Records on the page which states this history covers.
    pub fn noted(self, page: &mut Page) -> Self {
        let run = self.run();
        page.covers("Next", &self.next());
        if let Some(asked) = &run.asked {
            page.covers("Goal", &asked.aim);
        }
        if let Some(waiting) = &run.waiting {
            page.covers("PauseReason", &waiting.halt);
        }
        if let Some((outcome, _)) = &run.ended {
            page.covers("Outcome", outcome);
        }
        for progress in run.current.iter().flat_map(|current| &current.progress) {
            page.covers("Progress", progress);
        }
        self
    }
}
