//! What is really there, whatever the bot says: each person of the identity provider, the SCIM record made from them,
//! the Atlassian account it is linked to and its groups, side by side. It reads the fakes' own state and changes
//! nothing.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::people::CAST;
use super::stage::Stage;
use reinstate_sandbox::atlassian::{Account, Atlassian, ManagedBy, Membership, ScimUser, Status};
use reinstate_sandbox::entra::{Entra, JobCode, User};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::Slack;

/// One chain: whatever of it exists.
#[derive(Clone, Copy)]
struct Row<'a> {
    person: Option<&'a User>,
    record: Option<&'a ScimUser>,
    account: Option<&'a Account>,
}

pub(super) fn panel(stage: &Stage, slack: &Slack) -> Markup {
    let atlassian = lock(&stage.sandbox.atlassian);
    let entra = lock(&stage.sandbox.entra);
    let (colleagues, others): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows(&atlassian, &entra).into_iter().partition(|row| is_colleague(row, slack));
    html! {
        section.panel.tenant aria-labelledby="tenant-t" {
            h2 id="tenant-t" { "What is really there" }
            p.hint { "The simulated tenant itself. Access flows from left to right; a dashed gap is where it breaks." }
            (job(&entra))
            ul.chains {
                @for row in &others { (chain(row, &atlassian, &entra)) }
            }
            details {
                summary { (colleagues.len()) " colleagues for whom all is well" }
                ul.chains { @for row in &colleagues { (chain(row, &atlassian, &entra)) } }
            }
        }
    }
}

/// People with their records and accounts, then records of nobody, then accounts without a record.
fn rows<'a>(atlassian: &'a Atlassian, entra: &'a Entra) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let (mut records, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    let anchored = |person: &User| {
        let job = entra.service_principals.get(&entra.atlassian).and_then(|sp| sp.job.as_ref());
        job.and_then(|job| job.cache.get(&person.id)).and_then(|export| export.anchor.clone())
    };
    for person in entra.users.values() {
        let anchor = anchored(person);
        let record = atlassian.scim_users.values().find(|record| {
            record.external_id.as_deref() == Some(&person.id) || anchor.as_deref() == Some(&record.id)
        });
        let account = record.and_then(|record| atlassian.accounts.get(record.account.as_ref()?));
        records.extend(record.map(|record| record.id.as_str()));
        accounts.extend(account.map(|account| account.id.as_str()));
        rows.push(Row { person: Some(person), record, account });
    }
    for record in atlassian.scim_users.values().filter(|record| !records.contains(record.id.as_str())) {
        let account = record.account.as_ref().and_then(|id| atlassian.accounts.get(id));
        accounts.extend(account.map(|account| account.id.as_str()));
        rows.push(Row { person: None, record: Some(record), account });
    }
    for account in atlassian.accounts.values().filter(|account| !accounts.contains(account.id.as_str())) {
        rows.push(Row { person: None, record: None, account: Some(account) });
    }
    rows
}

/// Those one can act as, besides the employee: their chain is whole, and would only be in the way.
fn is_colleague(row: &Row<'_>, slack: &Slack) -> bool {
    let Some(person) = row.person else { return false };
    CAST.iter()
        .filter(|member| member.approves || member.repairs || member.id == "U0VERA")
        .filter_map(|member| slack.users.get(member.id))
        .any(|user| user.email.eq_ignore_ascii_case(&person.upn))
        && row.account.is_some()
}

fn chain(row: &Row<'_>, atlassian: &Atlassian, entra: &Entra) -> Markup {
    let id = row
        .person
        .map(|person| &person.id)
        .or(row.record.map(|record| &record.id))
        .or(row.account.map(|account| &account.id));
    html! {
        li.chain id={ "chain-" (id.map_or("", String::as_str)) } {
            (person(row.person, entra))
            (link(row.person.is_some() && row.record.is_some()))
            (record(row.record))
            (link(row.record.is_some() && row.account.is_some()))
            (account(row.account, row.person, atlassian))
        }
    }
}

fn link(whole: bool) -> Markup {
    html! {
        span.link.broken[!whole] role="img" aria-label=(if whole { "linked to" } else { "not linked to" }) {}
    }
}

fn person(person: Option<&User>, entra: &Entra) -> Markup {
    let Some(person) = person else { return nobody("Entra ID", "nobody") };
    let groups: Vec<&str> = entra
        .groups
        .values()
        .filter(|group| group.members.iter().any(|member| member.id == person.id))
        .map(|group| group.display_name.as_str())
        .collect();
    html! {
        div.station {
            h3 { "Entra ID" }
            p.who { (address(&person.upn)) }
            p { (person.display_name) ", " @if person.account_enabled { "enabled" } @else { strong.bad { "disabled" } } }
            (tags("groups", &groups))
        }
    }
}

fn record(record: Option<&ScimUser>) -> Markup {
    let Some(record) = record else { return nobody("SCIM record", "none") };
    html! {
        div.station {
            h3 { "SCIM record" }
            p.who { (address(&record.user_name)) }
            p {
                @if record.active { "active" } @else { strong.bad { "inactive" } } ", "
                @match &record.account {
                    Some(account) => { "linked to " span.id { "…" (tail(account)) } },
                    None => strong.bad { "linked to nobody" },
                }
            }
        }
    }
}

fn account(account: Option<&Account>, person: Option<&User>, atlassian: &Atlassian) -> Markup {
    let Some(account) = account else { return nobody("Atlassian account", "none") };
    let groups = atlassian.groups_of(&account.id);
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let state = match account.status {
        _ if account.pending() => "to be deleted",
        Status::Active => "active",
        Status::Inactive => "deactivated",
        Status::Closed => "deleted",
    };
    let fine = state == "active" && account.membership != Membership::Suspended;
    html! {
        div.station {
            h3 { "Atlassian account " span.id { "…" (tail(&account.id)) } }
            p.who { @if account.email.is_empty() { "no address" } @else { (address(&account.email)) } }
            @if person.is_some_and(|person| !person.upn.eq_ignore_ascii_case(&account.email)) {
                p { strong.bad { "another address" } }
            }
            p {
                @if fine { (state) } @else { strong.bad { (state) } }
                @if account.membership == Membership::Suspended { ", " strong.bad { "suspended" } }
                @if account.managed_by != ManagedBy::Us { ", " strong.bad { "not ours" } }
            }
            p.written { (grouped(account.contributions)) " issues and comments by " (account.display_name()) }
            (tags("groups", &groups))
        }
    }
}

fn nobody(head: &str, words: &str) -> Markup {
    html! { div.station.empty { h3 { (head) } p { (words) } } }
}

fn tags(label: &str, names: &[&str]) -> Markup {
    html! {
        @if names.is_empty() {
            p.groups { strong.bad { "no groups" } }
        } @else {
            ul.groups aria-label=(label) { @for name in names { li { (name) } } }
        }
    }
}

fn job(entra: &Entra) -> Markup {
    let job = entra.service_principals.get(&entra.atlassian).and_then(|sp| sp.job.as_ref());
    let (words, fine) = match job.map(|job| job.code) {
        Some(JobCode::Active) => ("runs", true),
        Some(JobCode::Paused) => ("is stopped", false),
        Some(JobCode::Quarantine) => ("is quarantined", false),
        Some(JobCode::NotRun) => ("has not run yet", false),
        Some(JobCode::NotConfigured) => ("is not set up", false),
        None => ("does not exist", false),
    };
    html! {
        p.job { "The provisioning job " @if fine { strong { (words) } } @else { strong.bad { (words) } } "." }
    }
}

/// An address, which may be broken before its `@` and nowhere else.
fn address(email: &str) -> Markup {
    match email.split_once('@') {
        Some((name, domain)) => html! { (name) wbr; "@" (domain) },
        None => html! { (email) },
    }
}

/// The end of an id, which is what tells two of them apart.
fn tail(id: &str) -> &str {
    id.char_indices().rev().nth(3).and_then(|(at, _)| id.get(at..)).unwrap_or(id)
}

/// A number with commas, as people read it.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
