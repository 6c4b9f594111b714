//! Checks the protected list: an entry that matches nobody protects nobody, which is an error
//! (docs/reference/rules.md#protected-accounts).

use super::Check;
use crate::config::Config;
use crate::upstream::entra::directory::AddressIn;
use crate::upstream::{CallError, Clients};

const NAME: &str = "access.protected";

pub(super) async fn look(config: &Config, clients: &Clients) -> Vec<Check> {
    let entries = &config.access.protected;
    let mut checks = Vec::new();
    for entry in entries {
        match somebody(entry, clients).await {
            Ok(true) => {}
            Ok(false) => checks.push(Check::bad(
                NAME,
                format!("{entry} is nobody, neither at the identity provider nor at Atlassian"),
                "Correct the entry: an e-mail address, an Atlassian account id, or an Entra object id",
            )),
            Err(error) => checks.push(Check::unknown(
                NAME,
                format!("whether {entry} is somebody could not be read: {}", error.reason()),
                "Try again when Entra and Atlassian answer",
            )),
        }
    }
    if checks.is_empty() && !entries.is_empty() {
        checks.push(Check::good(NAME, format!("all {} entries are somebody", entries.len())));
    }
    checks
}

/// A match in one service is enough. "Not found" counts only if both services were read.
async fn somebody(entry: &str, clients: &Clients) -> Result<bool, CallError> {
    let (idp, account) = tokio::join!(at_idp(entry, clients), at_atlassian(entry, clients));
    match (idp, account) {
        (Ok(true), _) | (_, Ok(true)) => Ok(true),
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(false), Ok(false)) => Ok(false),
    }
}

async fn at_idp(entry: &str, clients: &Clients) -> Result<bool, CallError> {
    let Some(entra) = &clients.entra else { return Ok(false) };
    if !entry.contains('@') {
        // Account ids hold characters that no object id has. A request for one would fail instead of returning "not
        // found".
        let object = entry.len() == 36 && entry.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        return if object { Ok(entra.user(entry).await?.is_some()) } else { Ok(false) };
    }
    for place in [AddressIn::Upn, AddressIn::Mail, AddressIn::Proxy] {
        if !entra.users_with(place, entry).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn at_atlassian(entry: &str, clients: &Clients) -> Result<bool, CallError> {
    let Some(atlassian) = &clients.atlassian else { return Ok(false) };
    let named = [entry.to_owned()];
    let found = if entry.contains('@') {
        atlassian.accounts_by_email(&named).await?
    } else {
        atlassian.accounts_by_id(&named).await?
    };
    Ok(!found.is_empty())
}
