//! Until when the credential is valid with which we log in. A certificate says it itself. For a client secret, the app
//! registration lists all its secrets, and Microsoft shows the first characters of each. It must never take the date of
//! another secret for ours, and never show a part of a secret.

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::Entra;
use crate::upstream::error::CallError;
use crate::upstream::lenient;
use crate::upstream::literal;
use crate::upstream::token::EntraCredential;

/// How many characters of a secret Microsoft shows (`hint`).
const HINT_LENGTH: usize = 3;

/// Which credential it is, and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialEnd {
    Certificate(Option<Timestamp>),
    Secret(Result<Timestamp, SecretUnread>),
    /// Another identity provider issues a new one for each login, so nothing runs out here.
    Federated,
}

/// Why the end of the client secret is unread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretUnread {
    #[error("{}", .0.reason())]
    Call(CallError),
    #[error("the app registration does not list the secret that is configured")]
    NotListed,
    #[error("the app registration has several secrets that may be the configured one, with different dates")]
    Several,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Application {
    #[serde(deserialize_with = "lenient::list")]
    password_credentials: Vec<PasswordCredential>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PasswordCredential {
    #[serde(deserialize_with = "lenient::text")]
    hint: Option<String>,
    #[serde(deserialize_with = "lenient::time")]
    end_date_time: Option<Timestamp>,
}

impl Entra {
    /// Until when our credential is valid. It needs a call only for a client secret.
    pub async fn credential_end(&self, now: Timestamp) -> CredentialEnd {
        match self.tokens.credential() {
            EntraCredential::Certificate(certificate) => {
                CredentialEnd::Certificate(certificate.valid_until())
            }
            EntraCredential::Federated(_) => CredentialEnd::Federated,
            EntraCredential::Secret(secret) => {
                let hint: String = secret.expose_secret().chars().take(HINT_LENGTH).collect();
                let listed = self.listed_secrets().await.map_err(SecretUnread::Call);
                CredentialEnd::Secret(listed.and_then(|listed| ours(listed, &hint, now)))
            }
        }
    }

    /// All client secrets of our app registration.
    async fn listed_secrets(&self) -> Result<Vec<PasswordCredential>, CallError> {
        let filter = format!("appId eq {}", literal::odata(self.tokens.client_id()));
        let call = self.get().at("applications").query("$filter", &filter);
        let found: Vec<Application> = self.all(call.query("$select", "id,appId,passwordCredentials")).await?;
        Ok(found.into_iter().flat_map(|application| application.password_credentials).collect())
    }
}

/// The end of the secret that begins with `hint`. An old secret with the same beginning may still be listed: the call was
/// made with ours, so ours has not ended before.
fn ours(listed: Vec<PasswordCredential>, hint: &str, now: Timestamp) -> Result<Timestamp, SecretUnread> {
    let may_be = |one: &PasswordCredential| one.hint.as_deref().is_none_or(|start| start == hint);
    let mut ends: Vec<Option<Timestamp>> =
        listed.into_iter().filter(may_be).map(|one| one.end_date_time).collect();
    ends.sort_unstable();
    ends.dedup();
    if ends.len() > 1 {
        ends.retain(|end| end.is_none_or(|end| end > now));
    }
    match ends.as_slice() {
        [] => Err(SecretUnread::NotListed),
        [Some(end)] => Ok(*end),
        _ => Err(SecretUnread::Several),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    fn at(day: &str) -> Timestamp {
        format!("2027-01-{day}T00:00:00Z").parse().unwrap()
    }

    fn secret(hint: Option<&str>, end: Option<&str>) -> PasswordCredential {
        PasswordCredential { hint: hint.map(str::to_owned), end_date_time: end.map(at) }
    }

    #[test]
    fn only_the_date_of_our_own_secret_is_taken() {
        let (now, ours_at) = (at("10"), |all: Vec<PasswordCredential>| ours(all, "abc", at("10")));
        assert_eq!(ours_at(vec![secret(Some("abc"), Some("20"))]), Ok(at("20")));
        let other = || secret(Some("xyz"), Some("11"));
        assert_eq!(ours_at(vec![other(), secret(Some("abc"), Some("20")), other()]), Ok(at("20")));
        assert_eq!(ours_at(vec![secret(None, Some("20"))]), Ok(at("20")), "the only one is ours");
        assert_eq!(ours_at(vec![secret(Some("abc"), Some("09"))]), Ok(at("09")), "it ended just now");
        let twins = |first, second| vec![secret(Some("abc"), first), secret(None, second)];
        assert_eq!(ours_at(twins(Some("20"), Some("20"))), Ok(at("20")), "both say the same");
        assert_eq!(ours_at(twins(Some("09"), Some("20"))), Ok(at("20")), "an old one cannot be ours");
        assert_eq!(ours_at(twins(Some("20"), Some("21"))), Err(SecretUnread::Several));
        assert_eq!(ours_at(twins(Some("20"), None)), Err(SecretUnread::Several));
        assert_eq!(ours_at(vec![secret(Some("abc"), None)]), Err(SecretUnread::Several));
        assert_eq!(ours(vec![other()], "abc", now), Err(SecretUnread::NotListed));
    }

    #[tokio::test]
    async fn the_app_registration_is_asked_and_a_refusal_is_unread() {
        let (probe, entra) = tenant(|_, _| {
            ok(r#"{"value":[{"passwordCredentials":[{"hint":"sec","endDateTime":"2027-01-20T00:00:00Z","secretText":null},
                {"hint":null,"endDateTime":"2026-01-20T00:00:00Z"}]}]}"#)
        })
        .await;
        assert_eq!(entra.credential_end(at("10")).await, CredentialEnd::Secret(Ok(at("20"))));
        assert_eq!(
            asked(&probe),
            [
                "GET /graph/v1.0/applications?$filter=appId%20eq%20%27client%27&$select=id%2CappId%2CpasswordCredentials"
            ]
        );
        let (_probe, entra) = tenant(|_, _| status(403, "{}")).await;
        let CredentialEnd::Secret(Err(why)) = entra.credential_end(at("10")).await else { panic!() };
        assert_eq!(why.to_string(), "403 Forbidden");
        assert!(matches!(why, SecretUnread::Call(CallError::Refused { status: 403, .. })));
    }
}
