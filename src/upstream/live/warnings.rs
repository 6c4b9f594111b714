//! What a look at the things that run out reads: the job, the end of our credential, the seats of the apps, and the sizes
//! of the groups. It decides nothing. A source that fails must become a gap with its reason.

use jiff::Timestamp;

use super::Live;
use super::fetch::{Reason, once, reason};
use super::{convert, fetch_groups};
use crate::upstream::entra::credential::{CredentialEnd, SecretUnread};
use reinstate_core::Read;
use reinstate_core::evidence::Workspace;
use reinstate_core::warning::{Credential, Expiry, Facts, GroupSize, may_matter};

const NO_DATE: &str = "the certificate does not say in a known form until when it is valid";

impl Live {
    /// Three calls where the lists fit on one page, and with the groups one more for each hundred of them.
    pub(super) async fn read_warning_facts(&self, with_groups: bool) -> Facts {
        let at = crate::clock::now();
        let group_limit = self.clients.places.group_members;
        let groups = async {
            match group_limit.filter(|_| with_groups) {
                Some(limit) => once(self.group_sizes(limit).await, at),
                None => Read::NotAsked,
            }
        };
        let (job, expiry, apps, groups) = tokio::join!(self.job(), self.credential(at), self.apps(), groups);
        Facts {
            expiries: Vec::from_iter(expiry),
            apps: once(apps, at),
            groups,
            group_limit,
            job: once(job, at),
        }
    }

    async fn credential(&self, at: Timestamp) -> Option<Expiry> {
        let entra = self.entra().ok()?;
        let (of, ends) = match entra.credential_end(at).await {
            CredentialEnd::Federated => return None,
            CredentialEnd::Certificate(ends) => (Credential::Certificate, ends.ok_or_else(|| NO_DATE.into())),
            CredentialEnd::Secret(ends) => {
                let why = |why: SecretUnread| match why {
                    SecretUnread::Call(error) => reason(&error),
                    other => other.to_string().into(),
                };
                (Credential::ClientSecret, ends.map_err(why))
            }
        };
        Some(Expiry { of, ends: once(ends, at) })
    }

    async fn apps(&self) -> Result<Vec<Workspace>, Reason> {
        let found = self.org()?.workspaces().await.map_err(|e| reason(&e))?;
        Ok(found.into_iter().filter_map(convert::workspace).collect())
    }

    /// The groups that may matter, and the largest one. The synchronization has nothing to do with other groups than
    /// synced ones.
    async fn group_sizes(&self, limit: i64) -> Result<Vec<GroupSize>, Reason> {
        let all = self.org()?.every_group().await.map_err(|e| reason(&e))?;
        let synced = fetch_groups::converted(all).into_iter().filter(|group| group.synced != Some(false));
        let mut sizes: Vec<GroupSize> = synced
            .map(|group| GroupSize { id: group.id, name: group.name, members: group.members })
            .collect();
        sizes.sort_by_key(|group| std::cmp::Reverse(group.members));
        let mut place = 0;
        sizes.retain(|group| {
            place += 1;
            place == 1 || may_matter(group, limit)
        });
        Ok(sizes)
    }
}
