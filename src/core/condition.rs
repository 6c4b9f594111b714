//! The conditions of the ladder (product.md 6): looked at when planning, and again at the step itself. What
//! could not be read is never true, and what cannot be read of an account counts as protected.

use super::diagnose::{Case, assignment_is_contradicted};
use super::evidence::{Account, LogEntry, Read, Source};
use super::op::Op;
use super::planner::Rules;
use super::subject::{RecordId, fold};

/// What the conditions of an op come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// All read and true.
    True,
    /// Nothing is false, but these were not read.
    Unread(Vec<Source>),
    /// One is false; why, in words.
    False(String),
}

impl Held {
    fn and(self, next: impl FnOnce() -> Held) -> Held {
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

    fn of(known: Option<bool>, source: Source, otherwise: &str) -> Held {
        match known {
            Some(true) => Self::True,
            Some(false) => Self::False(otherwise.to_owned()),
            None => Self::Unread(vec![source]),
        }
    }
}

/// The conditions of one op, when its turn has come.
#[must_use]
pub fn conditions(op: &Op, case: &Case<'_>, rules: &Rules) -> Held {
    conditions_after(op, case, rules, &[])
}

/// The conditions of one op when these ops come before it: what they will have mended (the record's link, who
/// bears the address) is not asked yet. Everything else is.
#[must_use]
pub fn conditions_after(op: &Op, case: &Case<'_>, rules: &Rules, earlier: &[&Op]) -> Held {
    of_the_op(op, case, rules, earlier).and(|| person_is_free(case, rules))
}

fn of_the_op(op: &Op, case: &Case<'_>, rules: &Rules, earlier: &[&Op]) -> Held {
    match op {
        Op::ProvisionUser { person, account, email } => {
            provisioning(case, person, account.as_deref(), email, rules, earlier)
        }
        Op::ProvisionMembership { person, group, account, .. } => {
            let email = case.wanted.clone().unwrap_or_default();
            provisioning(case, person, account.as_deref(), &email, rules, earlier).and(|| member(case, group))
        }
        Op::ActivateAccount { account } => {
            may_write(case, account, rules).and(|| allowed(case, account, "lifecycle.enablement"))
        }
        Op::CancelDeletion { account } | Op::RestoreAccess { account } => may_write(case, account, rules),
        Op::UnlinkRecord { record, account } => {
            may_write(case, account, rules).and(|| not_anothers(case, &record.record))
        }
        Op::ForgetAccountRecords { account, records } => records
            .iter()
            .fold(may_write(case, account, rules), |held, id| held.and(|| not_anothers(case, &id.record))),
        Op::DeleteRecord { record } => {
            let linked = linked_to_no_live_account(case, record, earlier);
            linked.and(|| not_anothers(case, &record.record))
        }
        Op::ParkEmail { account, from, .. } => parking(case, account, from, rules),
    }
}

/// Rung 5: deleting a record deactivates the account it is linked to, whichever source shows the link.
fn linked_to_no_live_account(case: &Case<'_>, record: &RecordId, earlier: &[&Op]) -> Held {
    let Some(known) = case.e.record(record) else { return Held::Unread(vec![Source::ScimUsers]) };
    if loosens(earlier, record) {
        return Held::True;
    }
    let in_directory = known.and_then(|known| known.account.as_deref());
    let links = case.e.links.get().into_iter().flatten();
    let links = links.chain(case.e.account_links.values().filter_map(Read::get).flatten());
    let in_index = links.filter(|link| link.id == *record).filter_map(|link| link.account.as_deref());
    let is_closed = |id: &str| case.e.account(id).and_then(|a| a.status.as_deref()) == Some("closed");
    // A record that is gone has no link, whatever an index still shows.
    match in_directory.into_iter().chain(in_index.filter(|_| known.is_some())).find(|id| !is_closed(id)) {
        Some(id) => {
            Held::False(format!("the record is linked to account {id}, which deleting would deactivate"))
        }
        None => Held::True,
    }
}

/// Rungs 1 and 2: true means harmless; unread means an approver; false means never sent, for on demand disables
/// a person who is not assigned (entra.md 6.3).
fn provisioning(
    case: &Case<'_>,
    person: &str,
    account: Option<&str>,
    email: &str,
    rules: &Rules,
    earlier: &[&Op],
) -> Held {
    let Some(known) = case.person else {
        return match case.e.users.get() {
            Some(_) => Held::False("the person is not there any more".to_owned()),
            None => Held::Unread(vec![Source::Users]),
        };
    };
    if known.id != person {
        return Held::False("the name now means another person".to_owned());
    }
    // Where a new account was to be made, the one that the person's record made is the one expected.
    let made = || case.own.as_ref().and_then(|tie| tie.account.as_deref());
    let account =
        account.or_else(|| made().filter(|id| case.e.account(id).is_some_and(|made| made.bears(email))));
    let bearers = case.e.accounts.get().map(|accounts| {
        let mut all = accounts.iter().filter(|a| a.bears(email) && a.status.as_deref() != Some("closed"));
        all.all(|bearer| Some(bearer.id.as_str()) == account || parks(earlier, &bearer.id))
    });
    let record_is_ours = match &case.own {
        Some(tie) if loosens(earlier, &tie.id) => Some(true),
        Some(tie) => match tie.account.as_deref() {
            Some(id) => Some(Some(id) == account),
            // An unlinked record links to whoever bears its address: the next condition is about that.
            None => Some(true),
        },
        None => case.e.links.get().map(|_| true),
    };
    Held::of(known.enabled, Source::Users, "the person is disabled at the identity provider")
        .and(|| assigned(case))
        .and(|| in_scope(case))
        .and(|| {
            Held::of(
                case.e.on_verified_domain(email),
                Source::Domains,
                "the address is not on a verified domain of the organization, so Atlassian would unlink the account",
            )
        })
        .and(|| Held::of(record_is_ours, Source::ScimLinks, "the record is linked to another account"))
        .and(|| Held::of(bearers, Source::Accounts, "another account bears the address"))
        .and(|| account.map_or(Held::True, |id| may_write(case, id, rules)))
}

/// Whether an earlier op takes the link off this record.
fn loosens(earlier: &[&Op], id: &RecordId) -> bool {
    earlier.iter().any(|op| match op {
        Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => record == id,
        Op::ForgetAccountRecords { records, .. } => records.contains(id),
        _ => false,
    })
}

/// Whether an earlier op moves this account's address aside.
fn parks(earlier: &[&Op], id: &str) -> bool {
    earlier.iter().any(|op| matches!(op, Op::ParkEmail { account, .. } if account == id))
}

fn assigned(case: &Case<'_>) -> Held {
    match case.is_assigned() {
        Some(true) => Held::True,
        Some(false) if !assignment_is_contradicted(case) => {
            Held::False("the person is not assigned".to_owned())
        }
        _ => Held::Unread(vec![Source::Assignments]),
    }
}

/// Without a scoping filter everybody assigned is in scope; with one, only the log can tell.
fn in_scope(case: &Case<'_>) -> Held {
    match case.e.mapping.get() {
        None => Held::Unread(vec![Source::Schema]),
        Some(mapping) if !mapping.scoped => Held::True,
        Some(_) => match case.e.log.get() {
            None => Held::Unread(vec![Source::ProvisioningLog]),
            Some(log) => {
                // Entra compares only whom it has in scope, so "nothing to export" says yes.
                let compared = |entry: &LogEntry| entry.skip_reason.as_deref() == Some("RedundantExport");
                let skipped = |entry: &LogEntry| entry.skip_reason.is_some() || entry.filtered_out;
                let newest = log.iter().find(|entry| entry.succeeded() || skipped(entry));
                match newest {
                    Some(entry) if entry.succeeded() || compared(entry) => Held::True,
                    Some(_) => Held::False("the scoping filter leaves the person out".to_owned()),
                    None => Held::Unread(vec![Source::ProvisioningLog]),
                }
            }
        },
    }
}

fn member(case: &Case<'_>, group: &str) -> Held {
    let known = case.expected().map(|groups| groups.iter().any(|expected| expected.id == group));
    Held::of(
        known,
        Source::Memberships,
        "the person is not a direct member of that group, or it is not assigned",
    )
}

fn allowed(case: &Case<'_>, account: &str, privilege: &str) -> Held {
    let known = case.e.permissions.get(account).and_then(Read::get).and_then(|p| p.allows(privilege));
    Held::of(known, Source::Permissions, "Atlassian does not allow it while provisioning holds the account")
}

/// A person on the protected list is refused for any write, whatever account they use.
fn person_is_free(case: &Case<'_>, rules: &Rules) -> Held {
    let Some(person) = case.person else {
        let nobody = case.e.users.get().is_some_and(Vec::is_empty);
        return if nobody { Held::True } else { Held::Unread(vec![Source::Users]) };
    };
    let mut names = person.addresses();
    names.push(fold(&person.id));
    if names.iter().any(|name| rules.is_protected(name)) {
        return Held::False("the person is on the protected list".to_owned());
    }
    Held::True
}

/// Whether an account may be written at all: of type `atlassian`, no organization admin, not the account behind
/// the key, not on the list. What cannot be read counts as protected (product.md 3).
#[must_use]
pub fn may_write(case: &Case<'_>, id: &str, rules: &Rules) -> Held {
    if rules.is_protected(&fold(id)) {
        return Held::False(format!("account {id} is on the protected list"));
    }
    if case.e.accounts.get().is_none() {
        return Held::False("the account could not be read, and what cannot be read is protected".to_owned());
    }
    let Some(account) = case.e.account(id) else {
        return Held::False(format!("account {id} is not shown, and what cannot be read is protected"));
    };
    if account.email.as_deref().is_some_and(|email| rules.is_protected(&fold(email))) {
        return Held::False(format!("account {id} is on the protected list"));
    }
    if account.kind.as_deref() != Some("atlassian") {
        return Held::False(format!("account {id} is not a person's account"));
    }
    is_plain_member(case, account)
}

fn is_plain_member(case: &Case<'_>, account: &Account) -> Held {
    let id = &account.id;
    let by_search = account.platform_roles.as_ref().map(|roles| roles.iter().any(|role| is_admin(role)));
    let by_roles =
        case.e.roles.get(id).and_then(Read::get).map(|roles| roles.iter().any(|held| is_admin(&held.role)));
    match (by_search, by_roles) {
        (Some(true), _) | (_, Some(true)) => {
            return Held::False(format!("account {id} is an organization admin"));
        }
        (None, None) => {
            return Held::False(format!(
                "the roles of account {id} could not be read, so it counts as protected"
            ));
        }
        _ => {}
    }
    match case.e.permissions.get(id).and_then(Read::get) {
        Some(permissions) if permissions.says("administrative.notMyself") => {
            Held::False(format!("account {id} belongs to the organization key"))
        }
        Some(_) => Held::True,
        None => Held::False(format!(
            "the permissions of account {id} could not be read, so it counts as protected"
        )),
    }
}

fn is_admin(role: &str) -> bool {
    let role = role.to_lowercase();
    role.ends_with("org-admin") || role.ends_with("site-admin")
}

/// A record of another live IdP object is somebody else's.
fn not_anothers(case: &Case<'_>, record: &str) -> Held {
    let Some(tie) = case.ties.iter().find(|tie| tie.id.record == record) else { return Held::True };
    let external = tie.record.and_then(|record| record.external_id.as_deref());
    match external {
        // Without the directory's key the record cannot be looked into; its risk says that a person decides.
        None => Held::True,
        Some(id) if case.person.is_some_and(|person| person.id == id) => Held::True,
        Some(id) => match case.e.owners.get(id) {
            Some(Read::Seen { value: None, .. }) => Held::True,
            Some(Read::Seen { value: Some(_), .. }) => Held::False(
                "the record belongs to somebody else who is alive at the identity provider".to_owned(),
            ),
            _ => Held::Unread(vec![Source::Users]),
        },
    }
}

/// Rungs 8 to 10: it is somebody's account until proven otherwise.
fn parking(case: &Case<'_>, id: &str, address: &str, rules: &Rules) -> Held {
    let links_are_dead = match case.e.account_links.get(id).and_then(Read::get) {
        None => Held::Unread(vec![Source::ScimLinks]),
        Some(links) => links.iter().fold(Held::True, |held, link| {
            held.and(|| match case.ties.iter().find(|tie| tie.id == link.id).and_then(|tie| tie.record) {
                None => Held::Unread(vec![Source::ScimUsers]),
                Some(record) if record.external_id.is_none() => Held::Unread(vec![Source::ScimUsers]),
                Some(_) => not_anothers(case, &link.id.record),
            })
        }),
    };
    let living = match case.e.bearers.get(&fold(address)) {
        Some(Read::Seen { value, .. }) => {
            let other = value.iter().find(|user| case.person.is_none_or(|person| person.id != user.id));
            match other {
                Some(user) => Held::False(format!(
                    "a living colleague has the address at the identity provider ({})",
                    user.name.as_deref().unwrap_or(&user.id)
                )),
                None => Held::True,
            }
        }
        _ => Held::Unread(vec![Source::Users]),
    };
    may_write(case, id, rules).and(|| links_are_dead).and(|| living)
}
