//! Who everything in a generated tenant belongs to. The generator knows it because it made the people. It must never
//! be derived from what the services answer.

use std::collections::BTreeSet;

/// One human, with everything that is theirs.
#[derive(Clone, Debug, Default)]
pub struct Human {
    pub name: String,
    /// How a colleague would ask about the human: the address, or the user principal name if there is no mailbox.
    pub asked: String,
    /// The object id at the identity provider, if the human has a user object there now.
    pub idp: Option<String>,
    /// The account with which the human works.
    pub account: Option<String>,
    /// Other accounts of the same human.
    pub spare_accounts: BTreeSet<String>,
    /// SCIM records that were made for the human, by record id.
    pub records: BTreeSet<String>,
    /// Addresses at which the human is reached.
    pub addresses: BTreeSet<String>,
    /// Whether the human still works here or for a partner, so that nothing of theirs may be touched.
    pub living: bool,
}

impl Human {
    #[must_use]
    pub fn has_account(&self, id: &str) -> bool {
        self.account.as_deref() == Some(id) || self.spare_accounts.contains(id)
    }
}

/// All humans of a tenant. The first one is the person of interest.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub humans: Vec<Human>,
}

impl Truth {
    /// The living human, other than this one, who owns a record.
    #[must_use]
    pub fn other_owner_of_record(&self, human: usize, record: &str) -> Option<&Human> {
        self.others(human).find(|other| other.records.contains(record))
    }

    /// The living human, other than this one, who owns an account.
    #[must_use]
    pub fn other_owner_of_account(&self, human: usize, account: &str) -> Option<&Human> {
        self.others(human).find(|other| other.has_account(account))
    }

    /// The living human, other than this one, who has an address.
    #[must_use]
    pub fn other_owner_of_address(&self, human: usize, address: &str) -> Option<&Human> {
        let address = address.to_lowercase();
        self.others(human).find(|other| other.addresses.iter().any(|known| known.to_lowercase() == address))
    }

    fn others(&self, human: usize) -> impl Iterator<Item = &Human> {
        let all = self.humans.iter().enumerate();
        all.filter(move |(at, other)| *at != human && other.living).map(|(_, other)| other)
    }
}
