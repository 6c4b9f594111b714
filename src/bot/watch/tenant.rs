//! Faults that concern everybody. Each is told once, until it is over. They are read with each look, because no feed
//! reports a job that stopped.

use reinstate_core::Cause;
use reinstate_core::evidence::{Job, Read};
use reinstate_core::watch::{TenantFault, is_over, tenant_faults};
use reinstate_store::{IncidentRow, IncidentUpdate, NewIncident, Settled, TENANT_PREFIX};

use super::{Look, LookError, held};

/// The faults that concern everybody, as far as they are known in this look.
pub(super) struct Faults {
    causes: Vec<Cause>,
    /// Those that were told.
    told: Vec<Cause>,
    /// The job, as this look has read it.
    pub(super) job: Read<Job>,
}

impl Faults {
    pub(super) fn causes(&self) -> &[Cause] {
        &self.causes
    }
}

impl Look<'_> {
    /// Reads the faults, tells the new ones, and closes those that are over.
    pub(super) async fn tenant_faults(&self, notice: &str) -> Result<Faults, LookError> {
        let evidence = self.app.world.tenant().await;
        let mut faults = Faults { causes: Vec::new(), told: Vec::new(), job: evidence.job.clone() };
        for row in self.store.open_tenant_incidents().await? {
            let Some(cause) = cause_of(&row) else { continue };
            let since = jiff::Timestamp::from_millisecond(row.opened_at).unwrap_or_default();
            if is_over(cause, &evidence, since) {
                let close = IncidentUpdate::Close { person: row.person, recovered: true };
                self.write(None, Some(close)).await?;
            } else {
                faults.causes.push(cause);
                faults.told.push(cause);
            }
        }
        self.add_faults(&mut faults, tenant_faults(&evidence), notice).await?;
        Ok(faults)
    }

    /// Adds faults that were found, and tells those that were not told.
    pub(super) async fn add_faults(
        &self,
        faults: &mut Faults,
        found: Vec<TenantFault>,
        notice: &str,
    ) -> Result<(), LookError> {
        for fault in found {
            if !faults.causes.contains(&fault.cause) {
                faults.causes.push(fault.cause);
            }
            if faults.told.contains(&fault.cause) {
                continue;
            }
            faults.told.push(fault.cause);
            let new = NewIncident {
                notice: notice.to_owned(),
                person: format!("{TENANT_PREFIX}{}", fault.cause.code()),
                causes: fault.cause.code().to_owned(),
                details: Some(fault.evidence),
                found: None,
                is_over: false,
            };
            self.write(None, Some(IncidentUpdate::Open(new))).await?;
        }
        Ok(())
    }

    /// Writes what a look found: about a row of the queue that is done, or about no row.
    pub(super) async fn write(
        &self,
        subject: Option<&str>,
        change: Option<IncidentUpdate>,
    ) -> Result<(), LookError> {
        let subject = subject.unwrap_or_default().to_owned();
        held(self.store.settle(self.epoch, Settled { subject, again_at: None, change }).await?)
    }
}

/// The cause of a fault that was told. `None` for a cause that this version does not know, or for an action.
pub(super) fn cause_of(row: &IncidentRow) -> Option<Cause> {
    let code = row.person.strip_prefix(TENANT_PREFIX)?;
    Cause::ALL.iter().copied().find(|cause| cause.code() == code)
}
