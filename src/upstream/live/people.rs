//! Users at the identity provider, found by address, by id and by the value that the job writes as their
//! `externalId`. A look-up that may miss a user must never report that there is none.

use futures_util::future::join_all;

use super::fetch::{Reason, reason};
use super::{Live, convert};
use crate::upstream::CallError;
use crate::upstream::entra::attributes::AttributeValue;
use crate::upstream::entra::directory::AddressIn;
use reinstate_core::evidence::{IdpUser, Mapping};
use reinstate_core::expression::Mapped;
use reinstate_core::subject::normalize;

/// The reason of the gap when the directory was read but the owner of a record is unknown.
pub(super) const UNTRACED: &str = "whose externalId this is cannot be told from the job's mapping";

impl Live {
    /// The existing users with an address, by every attribute that may hold it. A look-up that stops at the first
    /// match misses the second person.
    pub(super) async fn users(&self, address: &str) -> Result<Vec<IdpUser>, Reason> {
        let entra = self.entra()?;
        let by = |place| async move { entra.users_with(place, address).await };
        let (one, mail, proxy) = tokio::join!(entra.user(address), by(AddressIn::Mail), by(AddressIn::Proxy));
        let mut all: Vec<IdpUser> = Vec::new();
        let found = one.map_err(|e| reason(&e))?.into_iter();
        let found = found.chain(mail.map_err(|e| reason(&e))?).chain(proxy.map_err(|e| reason(&e))?);
        for user in found.filter_map(convert::user) {
            if !all.iter().any(|known| known.id == user.id) {
                all.push(user);
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    pub(super) async fn user(&self, id: &str) -> Result<Option<IdpUser>, Reason> {
        let found = self.entra()?.user(id).await.map_err(|e| reason(&e))?;
        Ok(found.and_then(convert::user))
    }

    /// One attribute of a user that the job's mapping names; empty if the user has none.
    pub(super) async fn attribute(&self, user: &str, name: &str) -> Result<String, Reason> {
        match self.entra()?.attribute_of(user, name).await.map_err(|e| reason(&e))? {
            Some(AttributeValue::Text(text)) => Ok(text),
            Some(AttributeValue::Empty) => Ok(String::new()),
            Some(AttributeValue::Other) => Err(format!("the attribute {name} is no text").into()),
            None => Err(format!("the attribute {name} of the job's mapping cannot be selected").into()),
        }
    }

    /// The existing users for whom the job would write this externalId, and the user who has it as object id.
    pub(super) async fn owner(&self, external: &str, from: Option<String>) -> Result<Vec<IdpUser>, Reason> {
        let entra = self.entra()?;
        let by_id = async {
            match entra.user(external).await {
                // The same request finds a user by the user principal name. Only the id says whose record it is.
                Ok(found) => Ok(found
                    .and_then(convert::user)
                    .filter(|user| normalize(&user.id) == normalize(external))),
                // A value that cannot be an object id belongs to no user.
                Err(CallError::Refused { status: 400, .. } | CallError::Invalid { .. }) => Ok(None),
                Err(error) => Err(reason(&error)),
            }
        };
        let mapping = Mapping { external_id_from: from, ..Mapping::default() };
        let expression = mapping.external_id_expression();
        let attributes = expression.as_ref().and_then(|expression| expression.traced(external));
        let others = attributes.iter().flatten().filter(|(name, _)| !name.eq_ignore_ascii_case("objectId"));
        let by_attribute = join_all(others.map(|(name, value)| entra.users_with_attribute(name, value)));
        let (by_id, by_attribute) = tokio::join!(by_id, by_attribute);
        let mut all: Vec<IdpUser> = by_id?.into_iter().collect();
        let mut traced = attributes.is_some();
        for found in by_attribute {
            match found.map_err(|e| reason(&e))? {
                None => traced = false,
                Some(users) => all.extend(users.into_iter().filter_map(convert::user).filter(|user| {
                    let mapped = mapping.external_id(user);
                    mapped == Mapped::Unread || mapped.may_be(external)
                })),
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        if all.is_empty() && !traced {
            return Err(UNTRACED.into());
        }
        Ok(all)
    }

    pub(super) async fn strays(
        &self,
        address: &str,
    ) -> (Result<Vec<IdpUser>, Reason>, Result<Vec<IdpUser>, Reason>) {
        let entra = match self.entra() {
            Ok(entra) => entra,
            Err(reason) => return (Err(reason.clone()), Err(reason)),
        };
        let (other, by_mail, by_upn) = tokio::join!(
            entra.users_with(AddressIn::Other, address),
            entra.deleted_users_with_mail(address),
            entra.deleted_users_with_upn(address),
        );
        let people = |found: Vec<_>| found.into_iter().filter_map(convert::user).collect::<Vec<IdpUser>>();
        // The end of a name may also be the end of another person's longer name.
        let gone = |found: Vec<_>| {
            let all = people(found).into_iter();
            all.filter(|user| user.was_deleted_as(address)).collect::<Vec<IdpUser>>()
        };
        let deleted = match (by_mail, by_upn) {
            (Ok(mut mail), Ok(upn)) => {
                mail.extend(upn);
                Ok(gone(mail))
            }
            // Not every tenant accepts the advanced query by UPN. The query by mail address has succeeded.
            (Ok(mail), Err(CallError::Refused { status: 400, .. })) => Ok(gone(mail)),
            (Err(error), _) | (_, Err(error)) => Err(reason(&error)),
        };
        (other.map(people).map_err(|e| reason(&e)), deleted)
    }
}
