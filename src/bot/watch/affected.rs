//! Tells the people who lost access, in their direct messages (`[watch] tell_people`): what does not work, that the admins
//! know, and that they need not do anything. Each loss is told once, after the channel was told. It must never tell
//! somebody else, and never a person who does not want it.

use std::time::Instant;

use super::{Look, LookError};
use crate::slack::api::ApiError;
use crate::slack::cards;
use reinstate_core::access::MembershipKind;
use reinstate_core::run::Requester;
use reinstate_core::{Cause, Who};
use reinstate_store::UntoldPerson;

/// How many people are told in one look. Slack takes about one message a second.
const MAX_PEOPLE: usize = 50;

impl Look<'_> {
    pub(super) async fn tell_affected(&self) -> Result<(), LookError> {
        if !self.app.config.watch.tell_people {
            return Ok(());
        }
        for untold in self.store.untold_people(MAX_PEOPLE).await? {
            let user = match self.slack_user(&untold).await {
                Ok(user) => user,
                // The next look asks again.
                Err(error) => {
                    tracing::info!(%error, "it is not known who in Slack lost access");
                    continue;
                }
            };
            let wanted = match &user {
                Some(user) => !self.store.is_quiet(user).await?,
                None => false,
            };
            if !self.store.claim_telling(&untold.notice, &untold.person).await? {
                continue;
            }
            if let Some(user) = user.filter(|_| wanted) {
                self.tell(&user, &untold).await?;
            }
        }
        Ok(())
    }

    /// The Slack user with the address of the person. Only a member of this workspace with just this address counts.
    async fn slack_user(&self, untold: &UntoldPerson) -> Result<Option<String>, ApiError> {
        let Some(Ok(Who::Email(email))) = untold.query.as_deref().map(Who::parse) else { return Ok(None) };
        let Some(id) = self.app.slack.user_by_email(&email).await? else { return Ok(None) };
        let found = Requester::with_id(&id);
        let actor = self.app.people.actor(&self.app.slack, &found, Some(Instant::now())).await;
        let is_theirs = actor.membership == MembershipKind::Member
            && actor.email.is_some_and(|known| known.eq_ignore_ascii_case(&email));
        Ok(is_theirs.then_some(id))
    }

    async fn tell(&self, user: &str, untold: &UntoldPerson) -> Result<(), LookError> {
        let causes: Vec<Cause> = untold
            .causes
            .split(' ')
            .filter_map(|code| Cause::ALL.iter().copied().find(|cause| cause.code() == code))
            .collect();
        let now = self.app.journal.now().await?;
        let outcome = match self.app.reply_directly(user, &cards::lost_access(&causes, now)).await {
            Ok(()) => "sent",
            Err(error) => {
                tracing::warn!(%error, "a person who lost access could not be told");
                "failed"
            }
        };
        metrics::counter!("reinstate_watch_told_people_total", "outcome" => outcome).increment(1);
        Ok(())
    }
}
