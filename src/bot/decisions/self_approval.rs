//! What is somebody's own, and whether two Slack ids are one person: their Slack addresses resolved to people and
//! accounts.  What cannot be read is never "not their own".

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bot::app::App;
use crate::bot::identities::{Mine, compare, identities};
use crate::world::Look;
use reinstate_core::access::{Own, Same};
use reinstate_core::subject::fold;
use reinstate_core::{Actor, Subject, Who};

/// Who somebody is to a plan that they want to approve.
pub(crate) struct Ties {
    /// Whether it is on their own account.
    pub(crate) own: Own,
    /// Whether they asked for it, or approved it, under another Slack id.
    pub(crate) same: Same,
    /// The address that this was found out by.
    email: Option<String>,
    /// Those they were compared with.
    with: BTreeSet<String>,
}

impl Ties {
    /// Whether they still say everything: the address is the same, and nobody has acted since.
    pub(crate) fn cover(&self, actor: &Actor, requester: &str, approved: &BTreeSet<String>) -> bool {
        self.email == actor.email && self.with.contains(requester) && approved.is_subset(&self.with)
    }
}

impl App {
    /// Who somebody is to a plan: reads their identities, and those of everybody who acted on it before.
    pub(crate) async fn ties(
        &self,
        actor: &Actor,
        subject: &Subject,
        requester: &str,
        approved: &BTreeSet<String>,
    ) -> Ties {
        let mut with = approved.clone();
        with.insert(requester.to_owned());
        let email = actor.email.clone();
        let (own, same) = tokio::join!(
            self.is_own(email.as_deref(), subject),
            self.same_person(actor, requester, approved)
        );
        Ties { own, same, email, with }
    }

    /// Whether a plan's subject is the person behind this Slack address.
    pub(crate) async fn is_own(&self, email: Option<&str>, subject: &Subject) -> Own {
        let Some(email) = email else { return Own::Unreadable };
        if subject.addresses.contains(&fold(email)) {
            return Own::Yes;
        }
        match self.identities(email).await.as_deref() {
            Some(Mine(Some(mine))) => compare(mine, subject),
            Some(Mine(None)) | None => Own::Unreadable,
        }
    }

    /// Whether the actor is the requester, or one of those who approved, under another Slack id: compared by Slack
    /// address, and by the users of the identity provider and the accounts that the addresses lead to.
    pub(crate) async fn same_person(
        &self,
        actor: &Actor,
        requester: &str,
        approved: &BTreeSet<String>,
    ) -> Same {
        let mut unreadable = false;
        let others = std::iter::once((requester, Same::Requester))
            .chain(approved.iter().map(|id| (id.as_str(), Same::Approver)));
        for (id, same) in others.filter(|(id, _)| *id != actor.id) {
            match self.is_one_person(actor.email.as_deref(), id).await {
                Some(true) => return same,
                Some(false) => {}
                None => unreadable = true,
            }
        }
        if unreadable { Same::Unreadable } else { Same::No }
    }

    /// Whether this Slack address and this Slack user are one person; none if it could not be read.
    async fn is_one_person(&self, email: Option<&str>, other: &str) -> Option<bool> {
        let email = email?;
        let theirs = self.people.email(&self.slack, other).await.ok().flatten()?;
        if fold(email) == fold(&theirs) {
            return Some(true);
        }
        let (one, other) = tokio::join!(self.identities(email), self.identities(&theirs));
        let (one, other) = (one?, other?);
        let (one, other) = (one.0.as_ref()?, other.0.as_ref()?);
        let same = !one.people.is_disjoint(&other.people)
            || !one.accounts.is_disjoint(&other.accounts)
            || !one.addresses.is_disjoint(&other.addresses);
        Some(same)
    }

    /// The identities of an address, at most ten seconds old.
    async fn identities(&self, email: &str) -> Option<Arc<Mine>> {
        let who = Who::parse(email).ok()?;
        let ask = || async {
            let evidence = self.world.gather(Subject::asked(who), Look::Everything).await;
            Ok(Arc::new(Mine(identities(&evidence, email))))
        };
        self.own.get(&fold(email), None, ask).await.ok()
    }
}
