//! Attributes of users by their names in the job's schema: what one user has, and which users have a value. A name that
//! Microsoft Graph does not know must never look like an attribute without a value.

use std::collections::BTreeMap;

use super::Entra;
use super::directory::{USER_FIELDS, User};
use crate::upstream::error::CallError;
use crate::upstream::literal;
use reinstate_core::evidence::IdpUser;

/// The Graph property of an attribute of the schema, as a filter names it. Microsoft Graph uses the names of the schema;
/// it refuses a name that it does not know.
fn property(attribute: &str) -> Option<String> {
    let plain = ["mail", "userPrincipalName", "displayName"].into_iter();
    let known = plain.chain(IdpUser::MAPPED_ATTRIBUTES.iter().copied());
    let name = known.into_iter().find(|known| known.eq_ignore_ascii_case(attribute));
    let name = name.or_else(|| is_name(attribute).then_some(attribute))?;
    let extension = name.starts_with("extensionAttribute");
    Some(if extension { ["onPremisesExtensionAttributes", name].join("/") } else { name.to_owned() })
}

/// Whether a text has the form of a property name. Anything else never reaches a query.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The value of one attribute of a user, as Graph returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    Text(String),
    /// The user has none. Graph leaves out an extension without a value.
    Empty,
    /// A list or an object, which is no text.
    Other,
}

/// The Graph property that holds a mapped attribute, as `$select` names it.
pub(super) fn selected(attribute: &str) -> Option<String> {
    let name = IdpUser::MAPPED_ATTRIBUTES.iter().find(|known| known.eq_ignore_ascii_case(attribute))?;
    let extension = name.starts_with("extensionAttribute");
    Some(if extension { "onPremisesExtensionAttributes".to_owned() } else { (*name).to_owned() })
}

impl Entra {
    /// One attribute of a user, by its name in the job's schema. `None` if Graph does not know such a property.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn attribute_of(
        &self,
        user: &str,
        attribute: &str,
    ) -> Result<Option<AttributeValue>, CallError> {
        if !is_name(attribute) {
            return Ok(None);
        }
        let call = self.get().at("users").id("user", user).query("$select", &["id,", attribute].concat());
        let found: BTreeMap<String, serde_json::Value> = match self.one(call).await {
            Err(CallError::Refused { status: 400, .. }) => return Ok(None),
            found => found?,
        };
        let value = found.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        Ok(Some(match value.map(|(_, value)| value) {
            None | Some(serde_json::Value::Null) => AttributeValue::Empty,
            Some(serde_json::Value::String(text)) if text.is_empty() => AttributeValue::Empty,
            Some(serde_json::Value::String(text)) => AttributeValue::Text(text),
            Some(_) => AttributeValue::Other,
        }))
    }

    /// The existing users whose attribute has this value; case is ignored. `None` if Graph cannot filter by the
    /// attribute.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn users_with_attribute(
        &self,
        attribute: &str,
        value: &str,
    ) -> Result<Option<Vec<User>>, CallError> {
        let Some(property) = property(attribute) else { return Ok(None) };
        let filter = format!("{property} eq {}", literal::odata(value));
        let call = self.get().at("users").query("$filter", &filter).query("$select", USER_FIELDS);
        // Some properties can only be filtered with an advanced query.
        let advanced = property.starts_with("onPremises") || property == "companyName";
        let call =
            if advanced { call.query("$count", "true").header("consistencylevel", "eventual") } else { call };
        match self.all(call).await {
            Err(CallError::Refused { status: 400, .. }) => Ok(None),
            found => found.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn an_unusual_attribute_is_selected_on_its_own() {
        let (probe, entra) = tenant(|seen, _| {
            let has = |name: &str| seen.line.contains(name);
            match () {
                () if has("badge") => ok(r#"{"id":"u","Extension_a_badge":"B-17"}"#),
                () if has("employeeType") => ok(r#"{"id":"u","employeeType":null}"#),
                () if has("businessPhones") => ok(r#"{"id":"u","businessPhones":["1"]}"#),
                () if has("left_out") => ok(r#"{"id":"u"}"#),
                () => status(400, r#"{"error":{"code":"BadRequest"}}"#),
            }
        })
        .await;
        let text = AttributeValue::Text("B-17".to_owned());
        assert_eq!(entra.attribute_of("u", "extension_a_badge").await, Ok(Some(text)));
        for name in ["employeeType", "left_out"] {
            assert_eq!(entra.attribute_of("u", name).await, Ok(Some(AttributeValue::Empty)), "{name}");
        }
        assert_eq!(entra.attribute_of("u", "businessPhones").await, Ok(Some(AttributeValue::Other)));
        assert_eq!(entra.attribute_of("u", "noSuchThing").await, Ok(None));
        assert_eq!(entra.users_with_attribute("noSuchThing", "x").await, Ok(None));
        let sent = asked(&probe).len();
        assert_eq!(entra.attribute_of("u", "a&$filter=b").await, Ok(None));
        assert_eq!(entra.users_with_attribute("a eq 'b' or c", "x").await, Ok(None));
        assert_eq!(asked(&probe).len(), sent, "no other text reaches a query");
        assert_eq!(asked(&probe)[0], "GET /graph/v1.0/users/u?$select=id%2Cextension_a_badge");
    }
}
