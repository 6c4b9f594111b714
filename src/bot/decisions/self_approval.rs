//! Four eyes: whether a plan is on somebody's own account, and whether two Slack ids belong to one person. Their Slack
//! addresses are resolved to people and accounts. What cannot be read must never count as "not their own".

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bot::app::App;
use crate::bot::identities::{MaybeIdentities, compare, identities};
use crate::world::ReadScope;
use reinstate_core::access::{EarlierRole, Ownership};
use reinstate_core::subject::normalize;
use reinstate_core::{Actor, Subject, Who};

/// How a person who wants to approve is related to the plan.
pub(crate) struct ApproverTies {
    /// Whether the plan is on their own account.
    pub(crate) own: Ownership,
    /// Whether they requested or approved the plan under another Slack id.
    pub(crate) same: EarlierRole,
    /// The address with which this was determined.
    email: Option<String>,
    /// The Slack ids they were compared with.
    with: BTreeSet<String>,
}

impl ApproverTies {
    /// Whether the result is still complete: the address is the same, and nobody else has acted since.
    pub(crate) fn cover(&self, actor: &Actor, requester: &str, approved: &BTreeSet<String>) -> bool {
        self.email == actor.email && self.with.contains(requester) && approved.is_subset(&self.with)
    }
}

impl App {
    /// Determines how a person is related to a plan. Reads their identities, and those of everybody who acted on it
    /// before.
    pub(crate) async fn ties(
        &self,
        actor: &Actor,
        subject: &Subject,
        requester: &str,
        approved: &BTreeSet<String>,
    ) -> ApproverTies {
        let mut with = approved.clone();
        with.insert(requester.to_owned());
        let email = actor.email.clone();
        let (own, same) = tokio::join!(
            self.is_own(email.as_deref(), subject),
            self.same_person(actor, requester, approved)
        );
        ApproverTies { own, same, email, with }
    }

    /// Whether the subject of a plan is the person with this Slack address.
    pub(crate) async fn is_own(&self, email: Option<&str>, subject: &Subject) -> Ownership {
        let Some(email) = email else { return Ownership::Unreadable };
        if subject.addresses.contains(&normalize(email)) {
            return Ownership::Yes;
        }
        match self.identities(email).await.as_deref() {
            Some(MaybeIdentities(Some(mine))) => compare(mine, subject),
            Some(MaybeIdentities(None)) | None => Ownership::Unreadable,
        }
    }

    /// Whether the actor is the requester, or an earlier approver, under another Slack id. Compares their Slack
    /// addresses, and the identity provider's users and the accounts to which these addresses lead.
    pub(crate) async fn same_person(
        &self,
        actor: &Actor,
        requester: &str,
        approved: &BTreeSet<String>,
    ) -> EarlierRole {
        let mut unreadable = false;
        let others = std::iter::once((requester, EarlierRole::Requester))
            .chain(approved.iter().map(|id| (id.as_str(), EarlierRole::Approver)));
        for (id, same) in others.filter(|(id, _)| *id != actor.id) {
            match self.is_one_person(actor.email.as_deref(), id).await {
                Some(true) => return same,
                Some(false) => {}
                None => unreadable = true,
            }
        }
        if unreadable { EarlierRole::Unreadable } else { EarlierRole::No }
    }

    /// Whether this Slack address and this Slack user belong to one person. None if it could not be read.
    async fn is_one_person(&self, email: Option<&str>, other: &str) -> Option<bool> {
        let email = email?;
        let theirs = self.people.email(&self.slack, other).await.ok().flatten()?;
        if normalize(email) == normalize(&theirs) {
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
    async fn identities(&self, email: &str) -> Option<Arc<MaybeIdentities>> {
        let who = Who::parse(email).ok()?;
        let ask = || async {
            let evidence = self.world.gather(Subject::asked(who), ReadScope::Everything).await;
            Ok(Arc::new(MaybeIdentities(identities(&evidence, email))))
        };
        self.identities.get(&normalize(email), None, ask).await.ok()
    }
}
