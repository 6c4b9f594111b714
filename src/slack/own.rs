//! What is somebody's own (product.md 3): their Slack address resolved to people and accounts. And the queue of
//! clicks on one run. What cannot be read is never "not their own".

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::App;
use crate::core::access::Own;
use crate::core::subject::fold;
use crate::core::{Evidence, Subject, Who, diagnose};
use crate::exec::Look;

/// The identities of one address; none if they could not be read.
pub(crate) struct Mine(Option<Identities>);

struct Identities {
    people: BTreeSet<String>,
    accounts: BTreeSet<String>,
    addresses: BTreeSet<String>,
}

impl App {
    /// Whether a plan's subject is the person behind this Slack address.
    pub(crate) async fn is_own(&self, email: Option<&str>, subject: &Subject) -> Own {
        let Some(email) = email else { return Own::Unreadable };
        if subject.addresses.contains(&fold(email)) {
            return Own::Yes;
        }
        let Ok(who) = Who::parse(email) else { return Own::Unreadable };
        let ask = || async {
            let evidence = self.world.gather(Subject::asked(who), Look::Everything).await;
            Ok(Arc::new(Mine(identities(&evidence, email))))
        };
        match self.own.get(&fold(email), None, ask).await {
            Ok(mine) => compare(&mine, subject),
            Err(()) => Own::Unreadable,
        }
    }
}

fn identities(evidence: &Evidence, email: &str) -> Option<Identities> {
    let users = evidence.users.get()?;
    // Without the accounts it cannot be said that none of them is theirs.
    if evidence.accounts.gap().is_some() {
        return None;
    }
    let found = diagnose(evidence);
    // Every account that turned up by this address or by a record of it counts as theirs: rather one approver
    // too few than one on their own account.
    let accounts = evidence.accounts.get().into_iter().flatten().map(|account| account.id.clone());
    let mut mine = Identities {
        people: users.iter().map(|user| user.id.clone()).chain(found.person).collect(),
        accounts: accounts.chain(found.account).chain(found.subject.accounts).collect(),
        addresses: users.iter().flat_map(crate::core::evidence::IdpUser::addresses).collect(),
    };
    mine.addresses.insert(fold(email));
    Some(mine)
}

fn compare(mine: &Mine, subject: &Subject) -> Own {
    let Some(mine) = &mine.0 else { return Own::Unreadable };
    let same = subject.person.as_ref().is_some_and(|person| mine.people.contains(person))
        || !mine.accounts.is_disjoint(&subject.accounts)
        || !mine.addresses.is_disjoint(&subject.addresses);
    if same { Own::Yes } else { Own::No }
}

/// Clicks on one run pass one after another, so that a thousand of them do not fold the journal against each
/// other; and a refusal that repeats itself is recorded once.
#[derive(Default)]
pub(crate) struct Clicks {
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    refused: Mutex<HashSet<[String; 4]>>,
}

impl Clicks {
    /// The turn of a run.
    pub(crate) fn turn(&self, run: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 1024 {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(run.to_owned()).or_default())
    }

    /// Whether this refusal is new and to be recorded.
    pub(crate) fn is_new(&self, run: &str, by: &str, what: &str, why: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() > 10_000 {
            refused.clear();
        }
        refused.insert([run, by, what, why].map(str::to_owned))
    }
}
