//! What the job writes into the attributes by which Atlassian knows a person. Without the job's mapping none of it is
//! known.

use crate::evidence::{IdpUser, Mapping};
use crate::expression::Mapped;
use crate::subject::normalize;

/// The attributes of one person that tell records and accounts apart.
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
    /// What a mapping makes of a person.
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

    /// The address that the account shall have, folded.
    #[must_use]
    pub fn wanted_email(&self) -> Option<String> {
        self.email.one().map(normalize).filter(|address| address.contains('@'))
    }

    /// The `userName` that the record shall have, folded.
    #[must_use]
    pub fn wanted_name(&self) -> Option<String> {
        self.user_name.one().map(normalize)
    }
}
