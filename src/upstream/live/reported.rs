//! What the watch asks besides the feeds: how a person is asked about whom a feed has reported by id, and what concerns
//! everybody. It must never take a person for another: an id that cannot be resolved stays unresolved.

use std::sync::PoisonError;

use super::Live;
use super::fetch::Reason;
use reinstate_core::evidence::Evidence;
use reinstate_core::watch::Changed;
use reinstate_core::{Subject, Who};

const NOT_A_PERSON: &str = "it is not about one person";

impl Live {
    pub(super) async fn who_is(&self, changed: &Changed) -> Result<Option<Who>, String> {
        match changed {
            Changed::Account(id) => Ok(Some(Who::Account(id.clone()))),
            Changed::User(id) => {
                let user = self.user(id).await.map_err(|gap| gap.reason)?;
                let names = user.into_iter().flat_map(|user| user.upn.into_iter().chain(user.mail));
                Ok(first_name(names))
            }
            Changed::Record(id) => self.who_has_record(id).await.map_err(|gap| gap.reason),
            Changed::Group(_) | Changed::Organization(_) => Err(NOT_A_PERSON.to_owned()),
        }
    }

    /// Feeds name a record without its directory.
    async fn who_has_record(&self, id: &str) -> Result<Option<Who>, Reason> {
        for directory in self.directories() {
            let found =
                self.scim(&directory)?.user(id).await.map_err(|error| super::fetch::reason(&error))?;
            if let Some(user) = found {
                let mails = user.emails.into_iter().filter_map(|email| email.value);
                return Ok(first_name(user.user_name.into_iter().chain(mails)));
            }
        }
        Ok(None)
    }

    /// The job, its mapping, and the domains, as evidence about nobody.
    pub(super) async fn read_tenant(&self) -> Evidence {
        let at = crate::clock::now();
        let mut evidence = Evidence::new(Subject::asked(Who::Account(String::new())), at);
        evidence.places = self.clients.places.clone();
        evidence.places.application = Some(self.service_principal.clone());
        let job = async {
            let (job, applications) = self.job_or_applications(at).await;
            let mapping = self.whole_mapping(at, job.get()).await;
            (job, applications, mapping)
        };
        let ((job, applications, mapping), domains) = tokio::join!(job, self.all_domains(at));
        if let Some(job) = job.get() {
            *self.job_seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(job.id.clone());
        }
        evidence.job = job;
        evidence.applications = applications;
        evidence.mapping = mapping;
        evidence.domains = domains;
        evidence
    }
}

/// The first text that is an address.
fn first_name(names: impl Iterator<Item = String>) -> Option<Who> {
    names.into_iter().find_map(|name| Who::parse(&name).ok())
}
