//! Reads typed values from the merged table and checks their bounds. A value that cannot be read is reported, and a
//! default takes its place so that the other keys are checked too. Callers must never receive such a configuration.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;
use toml::{Table, Value};
use url::Url;

use super::form::{base_url, is_slack_id, seconds, slack_id_fix};
use super::problem::Problems;
use super::schema::{self, Kind, MAX_APPROVERS, length};
use super::{
    Access, Approvals, Atlassian, Config, Entra, Env, Grant, Limits, Needed, Server, Slack, Store, Sweep,
    Transport, Watch, expiry, secrets, settings,
};

/// Reads the whole configuration and reports its problems. It returns `None` only if a built-in default is wrong.
pub(super) fn config(table: &Table, env: &Env, problems: &mut Problems) -> Option<Config> {
    let mut r = Reader { table, problems };
    let server = Server { listen: r.listen(), replicas: r.count("server", "replicas") };
    let slack = Slack {
        transport: r.transport(),
        api_url: r.url("slack", "api_url")?,
        channel: r.slack_id("slack", "channel", &['C', 'G'], "channel"),
        docs_url: r.docs_url(),
    };
    let store = Store { url: r.store_url(), forget_after: r.duration("store", "forget_after") };
    let parking_domain = r.domain("atlassian", "parking_domain");
    let atlassian = Atlassian {
        api_url: r.url("atlassian", "api_url")?,
        org_id: r.id("atlassian", "org_id"),
        parking_domain,
        directories: r.ids("atlassian", "directories"),
    };
    let entra = Entra {
        login_url: r.url("entra", "login_url")?,
        graph_url: r.url("entra", "graph_url")?,
        tenant_id: r.id("entra", "tenant_id"),
        client_id: r.id("entra", "client_id"),
        service_principal_id: r.id("entra", "service_principal_id"),
        directory: r.directory(&atlassian.directories),
        sync_all: r.flag("entra", "sync_all"),
    };
    let access = Access {
        protected: r.list("access", "protected"),
        viewer: r.grant("viewer"),
        operator: r.grant("operator"),
        approver: r.grant("approver"),
    };
    let approvals = Approvals {
        reversible: r.needed("reversible"),
        disruptive: r.needed("disruptive"),
        destructive: r.needed("destructive"),
        expire_after: r.duration("approvals", "expire_after"),
        start_within: r.duration("approvals", "start_within"),
    };
    let limits = Limits {
        risky_steps_per_day: r.count("limits", "risky_steps_per_day"),
        confirm_within: r.duration("limits", "confirm_within"),
        group_members: r.count("limits", "group_members"),
    };
    // Off by default: both make many calls, so an administrator must turn them on.
    let sweep = Sweep { every: r.interval("sweep", "every") };
    let watch = Watch {
        every: r.interval("watch", "every"),
        tell_people: r.flag("watch", "tell_people").unwrap_or(false),
    };
    let expiry = expiry::read(table, &atlassian.directories, r.problems);
    let secrets = secrets::read(env, atlassian.directories.len(), problems);
    let settings = settings::of(table);
    Some(Config {
        server,
        slack,
        store,
        atlassian,
        entra,
        access,
        approvals,
        limits,
        expiry,
        sweep,
        watch,
        settings,
        secrets,
    })
}

struct Reader<'a> {
    table: &'a Table,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn value(&self, section: &str, name: &str) -> Option<&Value> {
        self.table.get(section)?.as_table()?.get(name)
    }

    fn wrong(&mut self, section: &str, name: &str, reason: &str, fix: &str) {
        self.problems.add(format!("{section}.{name}"), reason, fix);
    }

    fn text(&mut self, section: &str, name: &str) -> Option<String> {
        match self.value(section, name)? {
            Value::String(text) => Some(text.trim().to_owned()),
            other => {
                let found = format!("this is a {}, not text", other.type_str());
                self.wrong(section, name, &found, "Put it in quotes");
                None
            }
        }
    }

    fn text_or_default(&mut self, section: &str, name: &str) -> String {
        self.text(section, name).unwrap_or_else(|| default(section, name).to_owned())
    }

    fn listen(&mut self) -> String {
        let text = self.text_or_default("server", "listen");
        let good = text.rsplit_once(':').is_some_and(|(host, port)| {
            let host_good = !host.is_empty() && (!host.contains(':') || host.starts_with('['));
            host_good && port.parse::<u16>().is_ok()
        });
        if !good {
            let reason = format!("{text:?} is not a host and a port");
            self.wrong(
                "server",
                "listen",
                &reason,
                "Write it like 127.0.0.1:3000, 0.0.0.0:3000 or [::]:3000",
            );
        }
        text
    }

    fn transport(&mut self) -> Transport {
        match self.text_or_default("slack", "transport").as_str() {
            "http" => Transport::Http,
            "socket" => Transport::Socket,
            other => {
                let reason = format!("{other:?} is no transport");
                self.wrong("slack", "transport", &reason, "Write \"http\" or \"socket\"");
                Transport::Http
            }
        }
    }

    fn store_url(&mut self) -> SecretString {
        let text = self.text_or_default("store", "url");
        if !["sqlite:", "postgres://", "postgresql://"]
            .iter()
            .any(|p| text.len() > p.len() && text.starts_with(p))
        {
            // The value is not repeated, because it may contain a password.
            let fix = "Write sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE";
            self.wrong("store", "url", "this is neither an SQLite nor a PostgreSQL URL", fix);
        }
        SecretString::from(text)
    }

    /// If the configured URL is wrong, the default takes its place, so that the other problems are found too.
    fn url(&mut self, section: &str, name: &str) -> Option<Url> {
        let text = self.text_or_default(section, name);
        self.url_of(section, name, &text).or_else(|| base_url(default(section, name)).ok())
    }

    fn url_of(&mut self, section: &str, name: &str, text: &str) -> Option<Url> {
        base_url(text).map_err(|(reason, fix)| self.wrong(section, name, reason, fix)).ok()
    }

    /// Where the pages of the causes are: the configured URL, else the public repository of this program.
    fn docs_url(&mut self) -> Option<Url> {
        let published = match env!("CARGO_PKG_REPOSITORY") {
            "" => None,
            repository => Some(format!("{repository}/blob/main/docs/causes")),
        };
        let text = self.text("slack", "docs_url").or(published)?;
        self.url_of("slack", "docs_url", &text)
    }

    /// Reads an opaque id. Few characters are allowed, because the id becomes part of a path. A pasted link or a
    /// placeholder is the usual mistake.
    fn id(&mut self, section: &str, name: &str) -> String {
        let Some(text) = self.text(section, name) else { return String::new() };
        self.checked_id(section, name, text).unwrap_or_default()
    }

    fn checked_id(&mut self, section: &str, name: &str, text: String) -> Option<String> {
        let good =
            text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c)) && !text.contains("..");
        if good {
            return Some(text);
        }
        let reason = format!("{text:?} is not an id");
        self.wrong(section, name, &reason, "Copy the id alone: letters, digits, and - _ . :");
        None
    }

    fn ids(&mut self, section: &str, name: &str) -> Vec<String> {
        let found = self.list(section, name);
        let unique: BTreeSet<&String> = found.iter().collect();
        if unique.len() != found.len() {
            // Keys belong to directories by position, so a directory must not be dropped silently.
            self.wrong(section, name, "the same id is listed twice", "List each directory once");
        }
        found.into_iter().filter_map(|text| self.checked_id(section, name, text)).collect()
    }

    /// The directory that the job writes to. It must be one of the configured directories, because a typing error would
    /// make every record look as if it belonged to another directory.
    fn directory(&mut self, configured: &[String]) -> Option<String> {
        let (section, name) = ("entra", "directory");
        let text = self.text(section, name).filter(|text| !text.is_empty())?;
        let id = self.checked_id(section, name, text)?;
        if configured.contains(&id) {
            return Some(id);
        }
        let reason = format!("{id} is not one of atlassian.directories");
        self.wrong(section, name, &reason, "Add it to atlassian.directories, or correct it");
        None
    }

    fn flag(&mut self, section: &str, name: &str) -> Option<bool> {
        match self.value(section, name)? {
            Value::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong(
                    section,
                    name,
                    "this is neither true nor false",
                    "Write true or false, without quotes",
                );
                None
            }
        }
    }

    fn domain(&mut self, section: &str, name: &str) -> Option<String> {
        let text = self.text(section, name).filter(|t| !t.is_empty())?.to_ascii_lowercase();
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if text.contains('.') && text.len() <= 253 && text.split('.').all(label) {
            return Some(text);
        }
        let reason = format!("{text:?} is not a domain");
        self.wrong(
            section,
            name,
            &reason,
            "Write a domain that your organization has claimed, like acme.example",
        );
        None
    }

    fn slack_id(&mut self, section: &str, name: &str, first: &[char], noun: &str) -> String {
        let Some(text) = self.text(section, name) else { return String::new() };
        if !text.is_empty() && !is_slack_id(&text, first) {
            let reason = format!("{text:?} is not the id of a Slack {noun}");
            self.wrong(section, name, &reason, &slack_id_fix(first, noun));
        }
        text
    }

    fn list(&mut self, section: &str, name: &str) -> Vec<String> {
        let value = self.value(section, name).cloned();
        self.list_of(&format!("{section}.{name}"), value.as_ref())
    }

    fn list_of(&mut self, key: &str, value: Option<&Value>) -> Vec<String> {
        let Some(value) = value else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|items| items.iter().map(|i| i.as_str().map(|s| s.trim().to_owned())).collect());
        match texts {
            Some(texts) if texts.iter().all(|t| !t.is_empty()) => texts,
            Some(_) => {
                self.problems.add(key, "an entry of the list is empty", "Remove it");
                Vec::new()
            }
            None => {
                self.problems.add(key, "this is not a list of texts", "Write it like [\"a\", \"b\"], or []");
                Vec::new()
            }
        }
    }

    fn grant(&mut self, role: &str) -> Grant {
        let Some(value) = self.value("access", role).cloned() else { return Grant::default() };
        let Some(table) = value.as_table() else {
            let fix = "Write { users = [\"U…\"], usergroups = [\"S…\"] }";
            self.wrong("access", role, "this is not a table of users and usergroups", fix);
            return Grant::default();
        };
        Grant {
            users: self.members(role, "users", table.get("users"), &['U', 'W'], "user"),
            usergroups: self.members(role, "usergroups", table.get("usergroups"), &['S'], "user group"),
        }
    }

    fn members(
        &mut self,
        role: &str,
        name: &str,
        value: Option<&Value>,
        first: &[char],
        noun: &str,
    ) -> BTreeSet<String> {
        let key = format!("access.{role}.{name}");
        let found = self.list_of(&key, value);
        for id in found.iter().filter(|id| !is_slack_id(id, first)) {
            let reason = format!("{id:?} is not the id of a Slack {noun}");
            self.problems.add(&key, reason, slack_id_fix(first, noun));
        }
        found.into_iter().collect()
    }

    fn needed(&mut self, name: &str) -> Needed {
        let (least, most) = bounds("approvals", name);
        let given = match self.value("approvals", name) {
            None => default("approvals", name).parse().ok(),
            Some(Value::String(text)) if text.trim() == "never" => return Needed::Never,
            Some(value) => value.as_integer().and_then(|n| u32::try_from(n).ok()),
        };
        match given.filter(|n| (least..=most).contains(&u64::from(*n))) {
            Some(n) => Needed::Approvers(n),
            None => {
                let fix = format!("Write a number of approvers from {least} to {most}, or \"never\"");
                self.wrong("approvals", name, "this is not a number of approvers", &fix);
                Needed::Never
            }
        }
    }

    fn count(&mut self, section: &str, name: &str) -> u32 {
        let (least, most) = bounds(section, name);
        let given = match self.value(section, name) {
            None => default(section, name).parse().ok(),
            Some(value) => value.as_integer().and_then(|n| u32::try_from(n).ok()),
        };
        match given.filter(|n| (least..=most).contains(&u64::from(*n))) {
            Some(n) => n,
            None => {
                let fix = format!("Write a whole number from {least} to {most}");
                self.wrong(section, name, "this number cannot be used", &fix);
                0
            }
        }
    }

    fn duration(&mut self, section: &str, name: &str) -> Duration {
        let text = self.text_or_default(section, name);
        self.duration_of(section, name, &text)
    }

    /// A duration, or `off`.
    fn interval(&mut self, section: &str, name: &str) -> Option<Duration> {
        match self.text_or_default(section, name) {
            off if off == "off" => None,
            text => Some(self.duration_of(section, name, &text)),
        }
    }

    fn duration_of(&mut self, section: &str, name: &str, text: &str) -> Duration {
        let (least, most) = bounds(section, name);
        match seconds(text).filter(|n| (least..=most).contains(n)) {
            Some(n) => Duration::from_secs(n),
            None => {
                let reason = format!("{text:?} is not a duration that can be used");
                let fix = format!(
                    "Write it like 90s, 15m or 24h, at least {} and at most {}",
                    length(least),
                    length(most)
                );
                self.wrong(section, name, &reason, &fix);
                Duration::ZERO
            }
        }
    }
}

/// The default of a key; empty if it has none.
fn default(section: &str, name: &str) -> &'static str {
    schema::find(section, name).and_then(|key| key.default).unwrap_or_default()
}

/// The lowest and the highest value of a key. Only numbers and durations have bounds.
fn bounds(section: &str, name: &str) -> (u64, u64) {
    match schema::find(section, name).map(|key| key.kind) {
        Some(Kind::Count(least, most)) => (least.into(), most.into()),
        Some(Kind::Time(least, most)) => (least, most),
        Some(Kind::Approvers(least)) => (least.into(), MAX_APPROVERS.into()),
        _ => (0, 0),
    }
}
