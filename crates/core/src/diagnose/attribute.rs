//! What the job writes into the attributes by which Atlassian identifies a person. Without the job's mapping, all of
//! them are unread.

use crate::evidence::{IdpUser, Mapping};
use crate::expression::Mapped;
use crate::subject::normalize;

/// The attributes of one person that distinguish records and accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `userName`
    pub user_name: Mapped,
    /// The work address.
    pub email: Mapped,
    /// `externalId`
    pub external_id: Mapped,
}

impl Identity {
    /// The values that a mapping gives for a person.
    #[must_use]
    pub fn new(mapping: Option<&Mapping>, person: Option<&IdpUser>) -> Self {
        let (Some(mapping), Some(person)) = (mapping, person) else {
            return Self { user_name: Mapped::Unread, email: Mapped::Unread, external_id: Mapped::Unread };
        };
        Self {
            user_name: mapping.user_name(person),
            email: mapping.email(person),
            external_id: mapping.external_id(person),
        }
    }

    /// The address that the account must have, normalized.
    #[must_use]
    pub fn wanted_email(&self) -> Option<String> {
        self.email.one().map(normalize).filter(|address| address.contains('@'))
    }

    /// The `userName` that the record must have, normalized.
    #[must_use]
    pub fn wanted_name(&self) -> Option<String> {
        self.user_name.one().map(normalize)
    }
}
