//! The conditions of the ladder (docs/reference/rules.md#conditions-of-a-step). They are checked when the plan is made
//! and again before each step. A condition with an unread source is never true. What cannot be read of an account
//! counts as protected.

mod account;
mod job;
mod provisioning;
mod seats;

use super::diagnose::Case;
use super::evidence::{Read, Source};
use super::op::Op;
use super::rules::Rules;
use super::subject::RecordId;
pub use account::may_write;
use account::{account_is_not_anothers, allowed, enabled, is_nobodys, may_end, not_anothers, person_is_free};

const NOT_VERIFIED: &str =
    "the address is not on a verified domain of the organization, so Atlassian would unlink the account";

/// The result of checking the conditions of an op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionState {
    True,
    /// No condition is false, but these sources were not read.
    Unread(Vec<Source>),
    /// A condition is false. The text says why.
    False(String),
}

impl ConditionState {
    fn and(self, next: impl FnOnce() -> ConditionState) -> ConditionState {
        match self {
            Self::False(_) => self,
            Self::True => next(),
            Self::Unread(mut sources) => match next() {
                Self::False(why) => Self::False(why),
                Self::True => Self::Unread(sources),
                Self::Unread(more) => {
                    for source in more {
                        if !sources.contains(&source) {
                            sources.push(source);
                        }
                    }
                    Self::Unread(sources)
                }
            },
        }
    }

    fn of(known: Option<bool>, source: Source, otherwise: &str) -> ConditionState {
        match known {
            Some(true) => Self::True,
            Some(false) => Self::False(otherwise.to_owned()),
            None => Self::Unread(vec![source]),
        }
    }
}

/// Checks the conditions of an op that is next.
#[must_use]
pub fn conditions(op: &Op, case: &Case<'_>, rules: &Rules) -> ConditionState {
    conditions_after(op, case, rules, &[])
}

/// Checks the conditions of an op that comes after these earlier ops. Conditions that the earlier ops make true (the
/// record's link, who has the address) are skipped. All others are checked.
#[must_use]
pub fn conditions_after(op: &Op, case: &Case<'_>, rules: &Rules, earlier: &[&Op]) -> ConditionState {
    of_the_op(op, case, rules, earlier)
        .and(|| match op.account() {
            // Rungs 8 to 10 have conditions of their own on the address.
            Some(id) if op.rung() < 8 => account_is_not_anothers(case, id),
            _ => ConditionState::True,
        })
        .and(|| person_is_free(case, rules))
}

fn of_the_op(op: &Op, case: &Case<'_>, rules: &Rules, earlier: &[&Op]) -> ConditionState {
    match op {
        Op::ProvisionUser { person, account, email } => {
            provisioning(case, person, account.as_deref(), email, rules, earlier)
        }
        Op::ProvisionMembership { person, group, account, .. } => {
            let email = case.wanted.clone().unwrap_or_default();
            provisioning(case, person, account.as_deref(), &email, rules, earlier).and(|| member(case, group))
        }
        Op::ActivateAccount { account } => {
            may_write(case, account, rules).and(|| may_activate(case, account, earlier)).and(|| enabled(case))
        }
        Op::CancelDeletion { account } => may_write(case, account, rules).and(|| enabled(case)),
        Op::RestoreAccess { account, directory } => may_write(case, account, rules)
            .and(|| enabled(case))
            .and(|| seats::are_free(case, account, directory.as_deref())),
        Op::SuspendAccess { account, .. } => may_write(case, account, rules),
        Op::UnlinkRecord { record, account } => {
            may_write(case, account, rules).and(|| not_anothers(case, record))
        }
        Op::ForgetAccountRecords { account, records } => records
            .iter()
            .fold(may_write(case, account, rules), |held, id| held.and(|| not_anothers(case, id))),
        Op::DeleteRecord { record } => {
            let linked = linked_to_no_live_account(case, record, earlier);
            linked.and(|| not_anothers(case, record))
        }
        Op::StartProvisioning { .. } | Op::RestartProvisioning { .. } => job::may_run(case),
        Op::ParkEmail { account, from, .. } => is_nobodys(case, account, from, rules),
        Op::ReturnEmail { account, to, .. } => is_nobodys(case, account, to, rules)
            .and(|| allowed(case, account, "email.set"))
            .and(|| ConditionState::of(case.e.on_verified_domain(to), Source::Domains, NOT_VERIFIED)),
        Op::DeactivateAccount { account } => may_end(case, account, "lifecycle.enablement", rules),
        Op::ScheduleDeletion { account } => may_end(case, account, "lifecycle.delete", rules),
    }
}

/// Whether an approver may let an op run with these sources unread. On rungs 1 and 2, any source may be unread. On rung
/// 3, only the sources for the person's status and for the seats may be. Conditions that protect an account are never
/// left to an approver.
#[must_use]
pub fn approver_decides(op: &Op, unread: &[Source]) -> bool {
    let of_rung_three = [Source::Users, Source::Workspaces, Source::GroupRoles];
    match op.rung() {
        1 | 2 => true,
        3 => unread.iter().all(|source| of_rung_three.contains(source)),
        _ => false,
    }
}

/// Rung 5: deleting a record deactivates the account that it is linked to, whichever source shows the link.
fn linked_to_no_live_account(case: &Case<'_>, record: &RecordId, earlier: &[&Op]) -> ConditionState {
    let Some(known) = case.e.record(record) else { return ConditionState::Unread(vec![Source::ScimUsers]) };
    if loosens(earlier, record) {
        return ConditionState::True;
    }
    let in_directory = known.and_then(|known| known.account.as_deref());
    let links = case.e.links.get().into_iter().flatten();
    let links = links.chain(case.e.account_links.values().filter_map(Read::get).flatten());
    let in_index = links.filter(|link| link.id == *record).filter_map(|link| link.account.as_deref());
    let is_closed = |id: &str| case.e.account(id).and_then(|a| a.status.as_deref()) == Some("closed");
    // A record that does not exist has no link, even if an index still shows one.
    match in_directory.into_iter().chain(in_index.filter(|_| known.is_some())).find(|id| !is_closed(id)) {
        Some(id) => ConditionState::False(format!(
            "the record is linked to account {id}, which deleting would deactivate"
        )),
        None => ConditionState::True,
    }
}

/// Rungs 1 and 2: if true, the step is harmless. If unread, an approver decides. If false, the step is never sent.
/// Provision on demand disables a person who is not assigned, and it writes the record that it is anchored on.
fn provisioning(
    case: &Case<'_>,
    person: &str,
    account: Option<&str>,
    email: &str,
    rules: &Rules,
    earlier: &[&Op],
) -> ConditionState {
    let Some(known) = case.person else {
        return match case.e.users.get() {
            Some(_) => ConditionState::False("the person is not there any more".to_owned()),
            None => ConditionState::Unread(vec![Source::Users]),
        };
    };
    if known.id != person {
        return ConditionState::False("the name now means another person".to_owned());
    }
    // If the plan expected a new account, the account that the person's record created is the expected one.
    let made = || case.own.as_ref().and_then(|record_link| record_link.account.as_deref());
    let account =
        account.or_else(|| made().filter(|id| case.e.account(id).is_some_and(|made| made.bears(email))));
    let bearers = case.e.accounts.get().map(|accounts| {
        let mut all = accounts.iter().filter(|a| a.bears(email) && a.status.as_deref() != Some("closed"));
        all.all(|bearer| Some(bearer.id.as_str()) == account || parks(earlier, &bearer.id))
    });
    ConditionState::of(known.enabled, Source::Users, "the person is disabled at the identity provider")
        .and(|| provisioning::assigned(case))
        .and(|| provisioning::entitled(case))
        .and(|| provisioning::in_scope(case))
        .and(|| provisioning::written_record(case, account, earlier))
        .and(|| provisioning::would_not_be_refused(case, earlier))
        .and(|| ConditionState::of(case.e.on_verified_domain(email), Source::Domains, NOT_VERIFIED))
        .and(|| ConditionState::of(bearers, Source::Accounts, "another account bears the address"))
        .and(|| provisioning::makes_no_second_account(case, account, email, earlier))
        .and(|| account.map_or(ConditionState::True, |id| may_write(case, id, rules)))
}

/// Whether Atlassian allows to activate an account. A link to provisioning is no obstacle if an earlier op removes it.
fn may_activate(case: &Case<'_>, account: &str, earlier: &[&Op]) -> ConditionState {
    const PRIVILEGE: &str = "lifecycle.enablement";
    let mut linked =
        case.record_links.iter().filter(|link| link.account.as_deref() == Some(account)).peekable();
    let unlinks = linked.peek().is_some() && linked.all(|link| loosens(earlier, &link.id));
    let document = case.e.permissions.get(account).and_then(Read::get);
    let reason = document.and_then(|document| document.0.get(PRIVILEGE)?.as_deref());
    if unlinks && reason.is_some_and(|reason| reason.starts_with("externalDirectory")) {
        return ConditionState::True;
    }
    allowed(case, account, PRIVILEGE)
}

/// Whether an earlier op unlinks or deletes this record.
fn loosens(earlier: &[&Op], id: &RecordId) -> bool {
    earlier.iter().any(|op| op.records().contains(id))
}

/// Whether an earlier op moves this account's address to a placeholder.
fn parks(earlier: &[&Op], id: &str) -> bool {
    earlier.iter().any(|op| matches!(op, Op::ParkEmail { account, .. } if account == id))
}

fn member(case: &Case<'_>, group: &str) -> ConditionState {
    let known = case.expected().map(|groups| groups.iter().any(|expected| expected.id == group));
    ConditionState::of(
        known,
        Source::Memberships,
        "the person is not a direct member of that group, or it is not assigned",
    )
}
