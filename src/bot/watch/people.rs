//! Works off the queue: looks closely at the people whom the feeds have named, a few in each look, and turns what is
//! found into incidents. It must never look at single people when so many have changed that only a sweep gives a
//! picture.

use reinstate_core::sweep::SweepFinding;
use reinstate_core::watch::{
    Changed, IncidentChange, Judgement, LookAgain, Named, WatchReason, decide, is_too_early, judge,
    tenant_faults,
};
use reinstate_core::{Diagnosis, Subject, Who};
use reinstate_store::{IncidentRow, IncidentUpdate, NewIncident, Queued, Settled, TENANT_PREFIX};

use super::tenant::Faults;
use super::{Look, LookError, held};
use crate::exec::assess::{Gather, PlanFor, assess_evidence, gather_evidence};
use crate::exec::prior_runs::PriorRuns;

/// How many people are looked at in one look. Each costs about 18 calls, so a look every five minutes stays far below
/// the published limits. The others wait for the next look.
const MAX_PEOPLE: usize = 10;
/// How many rows of the queue are read in one look. Most of them cost no call: their cycle has not ended yet.
const MAX_ROWS: usize = 500;
/// If more people than this wait for their first look, a sweep reads everybody instead.
const STORM: u64 = 50;

impl Look<'_> {
    pub(super) async fn look_at_people(&self, notice: &str, faults: &mut Faults) -> Result<(), LookError> {
        let (new, _) = self.store.count_due().await?;
        let is_storm = new > STORM;
        if is_storm {
            tracing::warn!(people = new, "too many people changed for single looks; a sweep reads everybody");
            let reason = serde_json::to_string(&WatchReason::Storm { people: new }).unwrap_or_default();
            held(self.store.leave_to_sweep(self.epoch, reason).await?)?;
        }
        let now = self.app.journal.now().await?;
        let mut looked = 0;
        for queued in self.store.due_looks(MAX_ROWS).await? {
            let named = named(&queued, now);
            match Changed::parse(&queued.subject) {
                Some(Changed::Organization(action)) => self.tell_action(&queued, action, notice).await?,
                Some(Changed::Group(_)) | None => self.write(Some(&queued.subject), None).await?,
                Some(_) if is_storm => {}
                Some(_) if is_too_early(&faults.job, &named, now) => {
                    self.settle(&queued, &[], None, &Judgement::Joining, &named, now, None).await?;
                }
                Some(_) if looked == MAX_PEOPLE => {}
                Some(changed) => {
                    looked += 1;
                    self.look_at(&queued, &named, &changed, notice, faults).await?;
                }
            }
        }
        Ok(())
    }

    /// What a feed reported about the organization is told as it is.
    async fn tell_action(&self, queued: &Queued, action: String, notice: &str) -> Result<(), LookError> {
        let new = NewIncident {
            notice: notice.to_owned(),
            person: format!("{TENANT_PREFIX}{ACTION_PREFIX}{action}"),
            causes: action,
            details: None,
            found: None,
            is_over: true,
        };
        self.write(Some(&queued.subject), Some(IncidentUpdate::Open(new))).await
    }

    async fn look_at(
        &self,
        queued: &Queued,
        named: &Named,
        changed: &Changed,
        notice: &str,
        faults: &mut Faults,
    ) -> Result<(), LookError> {
        let now = self.app.journal.now().await?;
        let who = match self.app.world.reported(changed).await {
            Ok(Some(who)) => who,
            // Nobody has this id any more. That is decided at the source.
            Ok(None) => {
                let open = self.incident(&id_names(changed)).await?;
                return self.settle(queued, &[], open, &Judgement::Removed, named, now, None).await;
            }
            Err(why) => {
                tracing::info!(why, "it is not known whom a feed has reported");
                return self.settle(queued, &[], None, &Judgement::Unknown, named, now, None).await;
            }
        };
        let prior_runs = PriorRuns::Journal(self.app.journal.clone());
        let gather = Gather::Background(Subject::asked(who.clone()));
        let (evidence, unread) = gather_evidence(self.app.world.as_ref(), &prior_runs, gather).await;
        let assessment = assess_evidence(&evidence, unread, &self.app.rules, PlanFor::Repair, &[]);
        let (diagnosis, plan) = (assessment.diagnosis, assessment.plan);
        metrics::counter!("reinstate_watch_people_total", "verdict" => diagnosis.verdict.word()).increment(1);
        self.add_faults(faults, tenant_faults(&evidence), notice).await?;
        let names = person_names(&diagnosis, &who);
        let open = self.incident(&names).await?;
        let judgement = judge(&diagnosis, &evidence.job, faults.causes(), named, now);
        // People know addresses, and an address is what they type to ask about somebody.
        let address = diagnosis.email.as_deref().and_then(|email| Who::parse(email).ok());
        let query = address.as_ref().unwrap_or(&who).text();
        let found = SweepFinding::of(query, &diagnosis, &plan, &self.app.rules);
        let found = serde_json::to_string(&found).ok().map(|text| (query.to_owned(), text));
        let told = found.map(|found| (notice, found));
        self.settle(queued, &names, open, &judgement, named, now, told).await
    }

    /// The open incident of a person, under any of their names.
    async fn incident(&self, names: &[String]) -> Result<Option<IncidentRow>, LookError> {
        for name in names {
            if let Some(row) = self.store.open_incident(name).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    #[expect(clippy::too_many_arguments, reason = "each is one input of the decision or of what it writes")]
    async fn settle(
        &self,
        queued: &Queued,
        names: &[String],
        open: Option<IncidentRow>,
        judgement: &Judgement,
        named: &Named,
        now: jiff::Timestamp,
        told: Option<(&str, (String, String))>,
    ) -> Result<(), LookError> {
        let (change, again) = decide(open.as_ref().map(|row| row.causes.as_str()), judgement, named, now);
        if matches!((judgement, again), (Judgement::Unknown, LookAgain::WhenReported)) {
            metrics::counter!("reinstate_watch_dropped_total").increment(1);
        }
        // A person keeps the name under which the open incident was told.
        let person = open.map(|row| row.person).or_else(|| names.first().cloned());
        let change = match (change, person, told) {
            (IncidentChange::Close { recovered }, Some(person), _) => {
                Some(IncidentUpdate::Close { person, recovered })
            }
            (IncidentChange::Open(causes), Some(person), Some((notice, found))) => {
                let notice = notice.to_owned();
                let new = NewIncident {
                    notice,
                    person,
                    causes,
                    details: queued.by.clone(),
                    found: Some(found),
                    is_over: false,
                };
                Some(IncidentUpdate::Open(new))
            }
            _ => None,
        };
        let again_at = match again {
            LookAgain::At(at) => Some(at.as_millisecond()),
            LookAgain::WhenReported => None,
        };
        let subject = queued.subject.clone();
        held(self.store.settle(self.epoch, Settled { subject, again_at, change }).await?)
    }
}

fn named(queued: &Queued, now: jiff::Timestamp) -> Named {
    Named {
        changed_at: jiff::Timestamp::from_millisecond(queued.changed_at).unwrap_or(now),
        only_at_source: queued.only_at_source,
        looks: queued.looks,
    }
}

/// The prefix of an action after that of the tenant.
pub(super) const ACTION_PREFIX: &str = "action:";

/// The names of a person in the store, the most lasting one first.
fn person_names(diagnosis: &Diagnosis, who: &Who) -> Vec<String> {
    let person = diagnosis.person.iter().map(|id| format!("idp:{id}"));
    let account = diagnosis.account.iter().map(|id| format!("account:{id}"));
    person.chain(account).chain([reinstate_core::subject::name_of(who)]).collect()
}

/// The same for an id whose person no longer exists.
fn id_names(changed: &Changed) -> Vec<String> {
    match changed {
        Changed::User(id) => vec![format!("idp:{id}")],
        Changed::Account(id) => vec![format!("account:{id}")],
        Changed::Record(_) | Changed::Group(_) | Changed::Organization(_) => Vec::new(),
    }
}
