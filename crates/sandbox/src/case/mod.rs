//! Arranges a tenant from an evidence bundle, so that a repair can be rehearsed. Only what the evidence holds is
//! arranged, and everything that it does not hold is listed. It must never fill a gap with what is usual.

mod accounts;
mod adjust;
mod job;
mod log;
mod people;
mod records;

use std::collections::BTreeSet;

use jiff::Timestamp;
use reinstate_core::Evidence;
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::Read;

use super::tenant::{DIRECTORY, Tenant};

/// A tenant that was made from evidence.
pub struct Arranged {
    pub tenant: Tenant,
    /// The person, as the diagnosis was asked for.
    pub who: String,
    /// What the evidence does not hold, one sentence each.
    pub left_out: Vec<String>,
}

/// Arranges the tenant of a case. Its times are moved, so that it was read `now`.
#[must_use]
pub fn arrange(evidence: &Evidence, now: Timestamp) -> Arranged {
    let evidence = &adjust::adjusted(evidence, now, DIRECTORY);
    let case = Case::new(evidence);
    let mut tenant = Tenant::new();
    let mut missing = Missing::default();
    for (source, gap) in evidence.gaps() {
        missing.add(format!("{} was not read: {gap}.", source.name()));
    }
    for (directory, read) in &evidence.records {
        match read {
            _ if directory == DIRECTORY => {}
            Read::Seen { .. } => {
                let key = format!("sandbox-key-{}", tenant.with_key.len().saturating_add(2));
                tenant.atlassian.add_directory(directory, &key);
                tenant.with_key.push((directory.clone(), key));
            }
            _ => {
                tenant.atlassian.add_directory(directory, "a-key-that-the-bot-does-not-have");
                tenant.without_key.push(directory.clone());
            }
        }
    }
    people::arrange(&case, &mut tenant, &mut missing);
    accounts::arrange(&case, &mut tenant, &mut missing);
    records::arrange(&case, &mut tenant, &mut missing);
    job::arrange(&case, &mut tenant, &mut missing);
    log::arrange(&case, &mut tenant, &mut missing);
    tenant.entra.settle_watermark(now);
    Arranged {
        tenant,
        who: evidence.subject.who.text().to_owned(),
        left_out: missing.0.into_iter().collect(),
    }
}

/// What could not be arranged.
#[derive(Default)]
struct Missing(BTreeSet<String>);

impl Missing {
    fn add(&mut self, what: impl Into<String>) {
        self.0.insert(what.into());
    }
}
