//! Converts the configuration to the settings of the upstream clients: addresses, keys and limits.

use std::time::Duration;

use super::Config;
use crate::upstream::{Limits, UpstreamConfig};

impl Config {
    #[must_use]
    pub fn upstream(&self) -> UpstreamConfig {
        let keys = self.secrets.atlassian_scim.iter().cloned().chain(std::iter::repeat(None));
        UpstreamConfig {
            atlassian_url: self.atlassian.api_url.clone(),
            org_id: self.atlassian.org_id.clone(),
            org_key: self.secrets.atlassian_org.clone(),
            directories: self.atlassian.directories.iter().cloned().zip(keys).collect(),
            login_url: self.entra.login_url.clone(),
            graph_url: self.entra.graph_url.clone(),
            tenant_id: self.entra.tenant_id.clone(),
            client_id: self.entra.client_id.clone(),
            job_directory: self.entra.directory.clone(),
            sync_all: self.entra.sync_all,
            group_members: Some(i64::from(self.limits.group_members)),
            credential: self.secrets.entra.clone(),
            replicas: self.server.replicas,
            // A person waits for the answer, so a service that is down becomes a gap after seconds, not after a
            // minute.
            limits: Limits { failures: 2, first_wait: Duration::from_millis(500), ..Limits::default() },
        }
    }
}
