//! Checks Atlassian: do the keys work, are they swapped, is the organization key free of scopes, and is the parking
//! domain claimed? The organization key and the SCIM keys are different things, and people swap them.

use secrecy::SecretString;

use super::Check;
use crate::config::Config;
use crate::upstream::atlassian::Atlassian;
use crate::upstream::scim::Scim;
use crate::upstream::{CallError, Clients, UpstreamConfig};

const KEYS_PAGE: &str = "admin.atlassian.com > Settings > API keys";
const DIRECTORIES_PAGE: &str = "admin.atlassian.com > Security > Identity providers > the directory";
/// A user name that nobody has: RFC 2606 reserves the domain.
const ABSENT_ADDRESS: &str = "reinstate-doctor@example.invalid";

pub(super) async fn look(config: &Config, clients: &Clients) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(atlassian) = &clients.atlassian {
        checks.extend(organization(config, atlassian).await);
    }
    for (index, directory) in clients.scim.iter().enumerate() {
        let name = format!("atlassian.scim-key {}", directory.id);
        let variable = scim_variable(index);
        checks.push(match &directory.client {
            None => Check::by_hand(
                &name,
                format!("{variable} is not set, so this directory's records cannot be looked into"),
                format!(
                    "Make a key in {DIRECTORIES_PAGE} > SCIM, and set {variable}; without it repairs are coarser"
                ),
            ),
            Some(scim) => scim_key(config, &name, index, scim).await,
        });
    }
    if clients.scim.is_empty() {
        checks.push(Check::bad(
            "atlassian.directories",
            "no SCIM directory is configured",
            format!(
                "Copy the directory id from the SCIM base URL in {DIRECTORIES_PAGE} into atlassian.directories"
            ),
        ));
    }
    checks
}

pub(super) fn scim_variable(index: usize) -> String {
    match index {
        0 => "REINSTATE_ATLASSIAN_SCIM_KEY".to_owned(),
        more => format!("REINSTATE_ATLASSIAN_SCIM_KEY_{}", more + 1),
    }
}

async fn organization(config: &Config, atlassian: &Atlassian) -> Vec<Check> {
    const NAME: &str = "atlassian.org-key";
    let domains = match atlassian.domains().await {
        Ok(domains) => domains,
        Err(error) => return vec![refused_org_key(config, NAME, &error).await],
    };
    let mut checks =
        vec![Check::good(NAME, format!("it reads the organization and its {} domains", domains.len()))];
    checks.push(match config.atlassian.parking_domain.as_deref() {
        None => Check::by_hand(
            "atlassian.parking-domain",
            "none is configured, so no address can be moved aside; such repairs stay advice",
            "Set atlassian.parking_domain to a claimed domain whose mailbox names you control",
        ),
        Some(parking) => match domains.iter().find(|domain| domain.name.eq_ignore_ascii_case(parking)) {
            Some(domain) if domain.status.as_deref().is_none_or(|status| status == "verified") => {
                Check::good("atlassian.parking-domain", format!("{parking} is verified"))
            }
            Some(domain) => Check::bad(
                "atlassian.parking-domain",
                format!("{parking} is {}", domain.status.as_deref().unwrap_or("in an unknown state")),
                "Verify and claim it in admin.atlassian.com > Settings > Domains",
            ),
            None => Check::bad(
                "atlassian.parking-domain",
                format!("{parking} is not a domain of this organization"),
                "Name one of the organization's verified domains as atlassian.parking_domain",
            ),
        },
    });
    checks.extend(accounts(atlassian).await);
    checks
}

/// The checks that ask about some managed account.
async fn accounts(atlassian: &Atlassian) -> Vec<Check> {
    const NAME: &str = "atlassian.user-management";
    let first = match atlassian.managed_accounts(None).await {
        Ok(page) => page.items.into_iter().find_map(|account| account.account_id),
        Err(error) => {
            let fix = format!("Make a new key without scopes in {KEYS_PAGE}");
            return vec![Check::failed(NAME, &error, fix)];
        }
    };
    let Some(account) = first else {
        let observed = "the organization has no managed account to ask about";
        return vec![Check::unknown(NAME, observed, "Claim a domain first")];
    };
    let (manage, generation) = tokio::join!(manage(atlassian, &account), generation(atlassian, &account));
    vec![manage, generation]
}

/// Whether the organization is on the original user management. Some calls do not exist there
/// (docs/reference/rules.md#atlassian-original-user-management).
async fn generation(atlassian: &Atlassian, account: &str) -> Check {
    const NAME: &str = "atlassian.centralized-user-management";
    match atlassian.last_active(account).await {
        Ok(_) => Check::good(NAME, "the calls of the centralized user management answer"),
        Err(error) if error.is_original_user_management() => Check::by_hand(
            NAME,
            format!(
                "the organization is on the original user management ({}): it does not tell the last use of an \
                 account, and has no call that restores suspended access, so Reinstate reports some causes as unread \
                 and gives advice instead of the step restore-access",
                error.reason()
            ),
            "Ask Atlassian when the organization moves to the centralized user management",
        ),
        Err(error) => Check::failed(NAME, &error, format!("Make a new key without scopes in {KEYS_PAGE}")),
    }
}

/// The user management API refuses keys with scopes, so this check reads the permissions of an account.
async fn manage(atlassian: &Atlassian, account: &str) -> Check {
    const NAME: &str = "atlassian.user-management";
    match atlassian.privileges(account, &[]).await {
        Ok(_) => Check::good(NAME, "it tells what may be done with an account"),
        Err(error @ CallError::Refused { status: 401 | 403, .. }) => Check::bad(
            NAME,
            format!("the key may not manage accounts ({})", error.reason()),
            format!(
                "Make a new API key *without scopes* in {KEYS_PAGE}: the user management API refuses scoped keys"
            ),
        ),
        Err(error) => Check::failed(NAME, &error, format!("Make a new key without scopes in {KEYS_PAGE}")),
    }
}

async fn refused_org_key(config: &Config, name: &str, error: &CallError) -> Check {
    let fix = format!(
        "Make a new API key without scopes in {KEYS_PAGE}, set REINSTATE_ATLASSIAN_ORG_KEY, check atlassian.org_id"
    );
    if error.status() == Some(401) && works_as_org_key(config).await {
        return Check::bad(
            name,
            "the organization key and a SCIM key are swapped",
            "Swap REINSTATE_ATLASSIAN_ORG_KEY and REINSTATE_ATLASSIAN_SCIM_KEY",
        );
    }
    if error.status() == Some(401) {
        let saw = format!("Atlassian refuses the key ({}): it is wrong, revoked or expired", error.reason());
        return Check::bad(name, saw, fix);
    }
    Check::failed(name, error, fix)
}

/// Whether one of the SCIM keys can read the organization.
async fn works_as_org_key(config: &Config) -> bool {
    for key in config.secrets.atlassian_scim.iter().flatten() {
        let swapped = UpstreamConfig { org_key: Some(key.clone()), ..config.upstream() };
        if let Ok(Clients { atlassian: Some(atlassian), .. }) = Clients::new(swapped)
            && atlassian.domains().await.is_ok()
        {
            return true;
        }
    }
    false
}

async fn scim_key(config: &Config, name: &str, index: usize, scim: &Scim) -> Check {
    let error = match scim.users_by_name(ABSENT_ADDRESS).await {
        Ok(_) => return Check::good(name, "it reads this directory"),
        Err(error) => error,
    };
    let variable = scim_variable(index);
    let fix = format!(
        "Make a new SCIM key in {DIRECTORIES_PAGE}, set {variable}, and enter the same key in Entra's provisioning"
    );
    if !matches!(error.status(), Some(401 | 403 | 404)) {
        return Check::failed(name, &error, fix);
    }
    let org = config.secrets.atlassian_org.as_ref();
    let swapped = works_for(config, index, org).await;
    if swapped {
        return Check::bad(
            name,
            "the organization key and this SCIM key are swapped",
            format!("Swap REINSTATE_ATLASSIAN_ORG_KEY and {variable}"),
        );
    }
    for (other, key) in config.secrets.atlassian_scim.iter().enumerate() {
        if other != index && works_for(config, index, key.as_ref()).await {
            let saw = "the key of another configured directory is the one that works here".to_owned();
            return Check::bad(name, saw, format!("Swap {variable} and {}", scim_variable(other)));
        }
    }
    let saw = format!(
        "Atlassian refuses the key for this directory ({}): it is wrong, expired, or of another directory",
        error.reason()
    );
    Check::bad(name, saw, fix)
}

/// Whether this key can read the directory with this index.
async fn works_for(config: &Config, index: usize, key: Option<&SecretString>) -> bool {
    let (Some(key), Some(id)) = (key, config.atlassian.directories.get(index)) else { return false };
    let swapped = UpstreamConfig { directories: vec![(id.clone(), Some(key.clone()))], ..config.upstream() };
    let Ok(clients) = Clients::new(swapped) else { return false };
    let Some(scim) = clients.scim.into_iter().find_map(|directory| directory.client) else { return false };
    scim.users_by_name(ABSENT_ADDRESS).await.is_ok()
}
