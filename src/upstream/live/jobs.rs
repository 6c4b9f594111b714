//! The job of the configured application, and the other Atlassian applications of the tenant, one of which may be the
//! right one. It must never take the job of another application for the configured one.

use jiff::Timestamp;

use super::fetch::{Reason, reason};
use super::{Live, convert};
use reinstate_core::evidence::{Application, Read};

const NO_JOB: &str = "the configured application has no synchronization job";
/// The prefix of the names of Atlassian's gallery applications.
const APPLICATION_NAME: &str = "Atlassian";

/// Why the job is unread if another application has one.
fn other_job(application: &Application, known: bool) -> String {
    let (name, id) = (&application.name, &application.id);
    if known {
        return format!(
            "{NO_JOB}; the application {name} ({id}) has one, so entra.service_principal_id names the wrong application"
        );
    }
    format!(
        "{NO_JOB}; the application {name} ({id}) has one, and which directory it writes to could not be read, so \
         entra.service_principal_id may name the wrong application"
    )
}

impl Live {
    /// The job. If the configured application has none, the tenant's other Atlassian applications may have it
    /// (docs/reference/rules.md#wrong-application-or-pull-synchronization).
    pub(super) async fn job_or_applications(
        &self,
        at: Timestamp,
    ) -> (Read<reinstate_core::evidence::Job>, Read<Vec<Application>>) {
        match self.jobs().await {
            Err(reason) => (Read::Gap(reason), Read::NotAsked),
            Ok(Some(job)) => (Read::seen(at, job), Read::NotAsked),
            Ok(None) => match self.applications().await {
                Err(why) => (Read::Gap(NO_JOB.into()), Read::Gap(why)),
                Ok(all) => {
                    let right = all.iter().find(|(application, _)| application.has_job);
                    let job = right.map_or(Read::NotAsked, |(application, known)| {
                        Read::Gap(other_job(application, *known).into())
                    });
                    (job, Read::seen(at, all.into_iter().map(|(application, _)| application).collect()))
                }
            },
        }
    }

    /// All enterprise applications whose name begins with Atlassian. Each comes with whether its job is known to write
    /// to one of our directories. The base address of a job is not readable in every tenant.
    async fn applications(&self) -> Result<Vec<(Application, bool)>, Reason> {
        let entra = self.entra()?;
        let ours = self.directories();
        let found = entra.service_principals_named(APPLICATION_NAME).await.map_err(|e| reason(&e))?;
        let mut all = Vec::new();
        for application in found {
            let Some(id) = application.id else { continue };
            let jobs =
                id != self.service_principal && !entra.jobs(&id).await.map_err(|e| reason(&e))?.is_empty();
            let settings = if jobs { entra.settings(&id).await.ok() } else { None };
            let address = settings.and_then(|settings| settings.base_address);
            let directory = address.as_deref().and_then(convert::directory_of);
            let known = directory.as_ref().map(|directory| ours.contains(directory));
            let name = application.display_name.unwrap_or_default();
            let has_job = jobs && known != Some(false);
            all.push((Application { name, id, has_job }, known == Some(true)));
        }
        Ok(all)
    }

    /// The job of the application.
    pub(super) async fn job(&self) -> Result<reinstate_core::evidence::Job, Reason> {
        self.jobs().await?.ok_or_else(|| NO_JOB.into())
    }

    /// The job of the application. If there are several, an active one.
    async fn jobs(&self) -> Result<Option<reinstate_core::evidence::Job>, Reason> {
        let jobs = self.entra()?.jobs(&self.service_principal).await.map_err(|e| reason(&e))?;
        let mut jobs: Vec<_> = jobs.into_iter().filter_map(convert::job).collect();
        jobs.sort_by_key(|job| {
            !job.schedule.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("active"))
        });
        Ok(jobs.into_iter().next())
    }
}
