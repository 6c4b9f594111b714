//! The secrets: each from its variable, or from the file that the variable with `_FILE` names. They must never be
//! shown: the type that holds them has no `Display`, and its `Debug` is blank.

use std::sync::Arc;

use secrecy::SecretString;

use super::Env;
use super::problem::Problems;
use crate::upstream::{Certificate, EntraCredential, Federated};

/// Slack's signing secret (transport `http`).
pub(super) const SLACK_SIGNING: &str = "REINSTATE_SLACK_SIGNING_SECRET";
/// Slack's bot token.
pub(super) const SLACK_BOT: &str = "REINSTATE_SLACK_BOT_TOKEN";
/// Slack's app-level token (transport `socket`).
pub(super) const SLACK_APP: &str = "REINSTATE_SLACK_APP_TOKEN";
/// The organization's API key.
pub(super) const ATLASSIAN_ORG: &str = "REINSTATE_ATLASSIAN_ORG_KEY";
/// The SCIM key of the first directory; `_2` of the second, and so on.
pub(super) const ATLASSIAN_SCIM: &str = "REINSTATE_ATLASSIAN_SCIM_KEY";
/// The client secret of our application at Entra ID.
pub(super) const ENTRA_CLIENT: &str = "REINSTATE_ENTRA_CLIENT_SECRET";

/// A certificate with its private key, in PEM form, instead of the client secret.
pub(super) const ENTRA_CERTIFICATE: &str = "REINSTATE_ENTRA_CERTIFICATE";
/// An assertion of another identity provider, instead of the client secret.
pub(super) const ENTRA_FEDERATED: &str = "REINSTATE_ENTRA_FEDERATED_TOKEN";

/// Every secret that was given.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Verifies Slack's requests.
    pub slack_signing: Option<SecretString>,
    pub slack_bot: Option<SecretString>,
    /// Opens the socket to Slack.
    pub slack_app: Option<SecretString>,
    /// Calls Atlassian's organization interfaces.
    pub atlassian_org: Option<SecretString>,
    /// Calls SCIM, one for each configured directory in that order; without it that directory is a gap.
    pub atlassian_scim: Vec<Option<SecretString>>,
    /// Gets tokens from Entra ID.
    pub entra: Option<EntraCredential>,
}

/// Whether a variable of that name holds a secret.
pub(super) fn is_secret_name(variable: &str) -> bool {
    [
        SLACK_SIGNING,
        SLACK_BOT,
        SLACK_APP,
        ATLASSIAN_ORG,
        ATLASSIAN_SCIM,
        ENTRA_CLIENT,
        ENTRA_CERTIFICATE,
        ENTRA_FEDERATED,
    ]
    .contains(&variable)
}

/// Reads all secrets; `directories` is the number of SCIM directories.
pub(super) fn read(env: &Env, directories: usize, problems: &mut Problems) -> Secrets {
    refuse_scim_keys_of_nothing(env, directories, problems);
    let scim_names = (1..=directories).map(|n| match n {
        1 => ATLASSIAN_SCIM.to_owned(),
        n => format!("{ATLASSIAN_SCIM}_{n}"),
    });
    let atlassian_scim = scim_names.map(|name| one(env, &name, problems)).collect();
    Secrets {
        slack_signing: one(env, SLACK_SIGNING, problems),
        slack_bot: one(env, SLACK_BOT, problems),
        slack_app: one(env, SLACK_APP, problems),
        atlassian_org: one(env, ATLASSIAN_ORG, problems),
        atlassian_scim,
        entra: entra(env, problems),
    }
}

/// Exactly one way to prove that we are the application; two would leave open which one is meant.
fn entra(env: &Env, problems: &mut Problems) -> Option<EntraCredential> {
    let secret = one(env, ENTRA_CLIENT, problems).map(EntraCredential::Secret);
    let certificate = text(env, ENTRA_CERTIFICATE, problems).and_then(|(key, pem)| {
        let read = Certificate::from_pem(&SecretString::from(pem));
        read.map_err(|why| problems.add(&key, why.to_string(), "Put certificate and key in one PEM file"))
            .ok()
    });
    let certificate = certificate.map(|read| EntraCredential::Certificate(Arc::new(read)));
    let file_name = format!("{ENTRA_FEDERATED}_FILE");
    // The program that writes the file rotates it, so it is not read here but for each token.
    let federated = match env.get(&file_name).filter(|path| !path.is_empty()) {
        Some(path) => Some(Federated::File(path.into())),
        None => one(env, ENTRA_FEDERATED, problems).map(Federated::Given),
    };
    let federated = federated.map(EntraCredential::Federated);
    let given = [
        (ENTRA_CLIENT, secret.is_some()),
        (ENTRA_CERTIFICATE, certificate.is_some()),
        (ENTRA_FEDERATED, federated.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    if let [first, second, ..] = given.as_slice() {
        problems.add(*first, format!("{second} is set as well"), "Keep one way to log in to Entra");
    }
    federated.or(certificate).or(secret)
}

fn one(env: &Env, name: &str, problems: &mut Problems) -> Option<SecretString> {
    let (key, text) = text(env, name, problems)?;
    // Such a value could not be sent as a header, and would fail at the first call with a message about headers.
    if text.chars().any(char::is_control) {
        problems.add(&key, "the secret holds more than one line or a control character", "Copy it again");
        return None;
    }
    Some(SecretString::from(text))
}

/// The text of a variable or of its file, and which of the two it came from.
fn text(env: &Env, name: &str, problems: &mut Problems) -> Option<(String, String)> {
    let file_name = format!("{name}_FILE");
    // An empty variable is how many deployment tools say "not set".
    let given = env.get(name).filter(|v| !v.trim().is_empty());
    let file = env.get(&file_name).filter(|v| !v.is_empty());
    let text = match (given, file) {
        (Some(_), Some(_)) => {
            problems.add(name, format!("{file_name} is set as well"), "Keep one of the two");
            return None;
        }
        (Some(text), None) => text.clone(),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) => {
                problems.add(
                    &file_name,
                    format!("the file {path} cannot be read ({e})"),
                    "Name an existing file that this program may read",
                );
                return None;
            }
        },
        (None, None) => return None,
    };
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.trim().is_empty() {
        if file.is_some() {
            problems.add(&file_name, "the file is empty", "Put the secret in it");
        }
        return None;
    }
    Some((if file.is_some() { file_name } else { name.to_owned() }, text))
}

/// A key for a directory that is not configured would be ignored in silence, and its directory be a gap.
fn refuse_scim_keys_of_nothing(env: &Env, directories: usize, problems: &mut Problems) {
    for name in env.keys() {
        let Some(number) = name.strip_prefix(ATLASSIAN_SCIM).and_then(|rest| rest.strip_prefix('_')) else {
            continue;
        };
        let number = number.strip_suffix("_FILE").unwrap_or(number);
        if number == "FILE" {
            continue;
        }
        match number.parse::<usize>() {
            Ok(n) if n >= 2 && n <= directories => {}
            Ok(n) if n >= 2 => problems.add(
                name,
                format!(
                    "this is the key of SCIM directory {n}, but atlassian.directories lists {directories}"
                ),
                "Add the directory's id there, or remove the variable",
            ),
            _ => problems.add(
                name,
                "the name is not that of a SCIM key",
                format!("The first directory's key is {ATLASSIAN_SCIM}, the second's {ATLASSIAN_SCIM}_2"),
            ),
        }
    }
}
