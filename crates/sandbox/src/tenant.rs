//! The tenant from which every scenario starts: a small company whose provisioning works. It must stay ordinary: each
//! scenario adds what is special about it.

use jiff::{SignedDuration, Timestamp};

use super::atlassian::Atlassian;
use super::entra::Entra;
use super::slack::Slack;

/// The organization.
pub const ORG: &str = "9a1jj823-0000-4000-8000-000000000001";
/// Its SCIM directory.
pub const DIRECTORY: &str = "6c2f0000-0000-4000-8000-000000000001";
/// That directory's key.
pub const SCIM_KEY: &str = "sandbox-scim-key";
/// The organization key.
pub const ORG_KEY: &str = "sandbox-org-key";
/// The Entra tenant.
pub const TENANT: &str = "0f0e0000-0000-4000-8000-000000000001";
/// Our application in it.
pub const CLIENT: &str = "c11e0000-0000-4000-8000-000000000001";
/// Its secret.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";
/// Our bot's token.
pub const BOT_TOKEN: &str = "xoxb-sandbox";
/// The secret with which Slack signs: 32 hexadecimal digits, as in the real Slack.
pub const SIGNING_SECRET: &str = "5a4db0c5a4db0c5a4db0c5a4db0c0123";
/// The channel for approval requests.
pub const ADMINS: &str = "C0ADMINS";
/// Another channel the bot is in.
pub const HELPDESK: &str = "C0HELP";
/// The claimed domain.
pub const DOMAIN: &str = "acme.example";

/// The people who work with the bot.
pub(super) const STAFF: [(&str, &str); 3] = [
    ("ada@acme.example", "Ada Ops"),
    ("grace@acme.example", "Grace Approver"),
    ("vera@acme.example", "Vera Helpdesk"),
];

/// The permissions of our application in Graph: those that docs/how-to/setup.md lists, without the optional ones.
const ROLES: &[&str] = &[
    "User.Read.All",
    "GroupMember.Read.All",
    "Application.Read.All",
    "Synchronization.ReadWrite.All",
    "AuditLog.Read.All",
];
/// The permission that the directory's audit log needs besides `AuditLog.Read.All`. It is optional.
const AUDIT_LOG_ROLE: &str = "Directory.Read.All";

/// The three services, and the ids that a scenario needs.
pub struct Tenant {
    pub atlassian: Atlassian,
    pub entra: Entra,
    pub slack: Slack,
    pub jira: String,
    /// The Confluence site.
    pub wiki: String,
    /// The IdP group `jira-users`.
    pub jira_users: String,
    /// The IdP group `wiki-users`.
    pub wiki_users: String,
    /// Further directories in the bot's configuration, each with its key.
    pub with_key: Vec<(String, String)>,
    /// Directories that the bot knows but has no keys for.
    pub without_key: Vec<String>,
}

/// The ids of one person in all services.
pub struct Person {
    /// IdP object id.
    pub idp: String,
    pub account: String,
    /// SCIM record id.
    pub record: String,
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

impl Tenant {
    /// The company, with its two synced groups, and the staff of the help desk in them.
    #[must_use]
    pub fn new() -> Self {
        let mut tenant = Self::without_people();
        for (upn, name) in STAFF {
            tenant.employee(upn, name);
        }
        tenant
    }

    /// The company without people at the identity provider and at Atlassian.
    #[must_use]
    pub fn without_people() -> Self {
        let mut atlassian = Atlassian::new(ORG);
        atlassian.org_key = ORG_KEY.to_owned();
        atlassian.claim_domain(DOMAIN);
        atlassian.add_directory(DIRECTORY, SCIM_KEY);
        let jira = atlassian.add_workspace("jira-software", "Acme Jira");
        let wiki = atlassian.add_workspace("confluence", "Acme Wiki");
        atlassian.add_group("jira-users", true, &[(&jira, "atlassian/user")]);
        atlassian.add_group("wiki-users", true, &[(&wiki, "atlassian/user")]);

        let mut entra = Entra::new(TENANT);
        entra.domains = vec![DOMAIN.to_owned()];
        entra.add_app(CLIENT, CLIENT_SECRET, ROLES);
        entra.job("", SCIM_KEY);
        let jira_users = entra.add_group("jira-users");
        let wiki_users = entra.add_group("wiki-users");
        entra.assign_group(&jira_users);
        entra.assign_group(&wiki_users);

        let mut slack = Slack::new(BOT_TOKEN, SIGNING_SECRET);
        slack.add_user("U0ADA", "ada", "Ada Ops", "ada@acme.example");
        slack.add_user("U0GRACE", "grace", "Grace Approver", "grace@acme.example");
        slack.add_user("U0VERA", "vera", "Vera Helpdesk", "vera@acme.example");
        slack.add_user("U0JANE", "jane", "Jane Doe", "jane@acme.example");
        slack.add_user("U0GUEST", "guest", "Gus Guest", "gus@partner.example").is_restricted = true;
        let bot = slack.bot_user.clone();
        slack.add_channel(ADMINS, "atlassian-admins", &["U0ADA", "U0GRACE", "U0VERA", &bot]);
        slack.add_channel(HELPDESK, "help-desk", &["U0ADA", "U0VERA", "U0JANE", "U0GUEST", &bot]);
        slack.add_group("S0HELPDESK", "helpdesk", &["U0VERA"]);

        let (with_key, without_key) = (Vec::new(), Vec::new());
        Self { atlassian, entra, slack, jira, wiki, jira_users, wiki_users, with_key, without_key }
    }

    /// Grants the optional permission to read the directory's audit log.
    pub fn grant_audit_log(&mut self) {
        if let Some(app) = self.entra.apps.get_mut(CLIENT) {
            app.roles.push(AUDIT_LOG_ROLE.to_owned());
        }
    }

    /// How many sources a diagnosis cannot read: the directories without a key, and the audit log if it is needed and
    /// its permission was not granted.
    #[must_use]
    pub fn gaps(&self) -> usize {
        let granted = |app: &super::entra::App| app.roles.iter().any(|role| role == AUDIT_LOG_ROLE);
        let may_read = self.entra.apps.get(CLIENT).is_some_and(granted);
        self.without_key.len() + usize::from(!may_read && !self.entra.audits.is_empty())
    }

    /// Adds a person at the identity provider who is in both groups but has nothing at Atlassian.
    pub fn hire(&mut self, upn: &str, name: &str) -> String {
        let idp = self.entra.add_user(upn, name);
        self.entra.add_member(&self.jira_users, &idp);
        self.entra.add_member(&self.wiki_users, &idp);
        idp
    }

    /// Adds a person for whom everything is correct.
    pub fn employee(&mut self, upn: &str, name: &str) -> Person {
        let idp = self.hire(upn, name);
        let account = self.account(upn, name, 120);
        let record = self.atlassian.scim_record(DIRECTORY, upn, &idp, Some(&account));
        self.atlassian.join(&record, "jira-users");
        self.atlassian.join(&record, "wiki-users");
        self.exported(&idp, &record);
        Person { idp, account, record }
    }

    /// Adds an account that somebody has used. It is linked to nothing.
    pub fn account(&mut self, email: &str, name: &str, contributions: u32) -> String {
        let account = self.atlassian.add_account(email, name);
        if contributions > 0 {
            self.atlassian.last_active(&account, &self.jira.clone(), "2026-10-02");
        }
        if let Some(known) = self.atlassian.accounts.get_mut(&account) {
            known.contributions = contributions;
        }
        account
    }

    /// Makes the identity provider's cache hold this record and its memberships.
    pub fn exported(&mut self, idp: &str, record: &str) {
        self.entra.remember_export(idp, record, &[]);
        for group in [self.jira_users.clone(), self.wiki_users.clone()] {
            let name =
                self.entra.groups.get(&group).map(|group| group.display_name.clone()).unwrap_or_default();
            let anchor = self
                .atlassian
                .scim_groups
                .values()
                .find(|known| known.name == name)
                .map(|known| known.id.clone());
            let known = self.entra.atlassian_job().and_then(|job| job.cache.get(&group));
            let mut members: Vec<String> =
                known.into_iter().flat_map(|export| export.members.iter().cloned()).collect();
            members.push(idp.to_owned());
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            self.entra.remember_export(&group, &anchor.unwrap_or_default(), &members);
        }
    }

    /// Lets the identity provider send a member on demand that it believes is there. No document promises this. Repairs that
    /// write lost groups need it; otherwise they end in advice.
    pub fn sends_known_members(&mut self) {
        self.entra.switches.resend_known_member = true;
    }

    /// Adds a refusal (409) of a taken address to the provisioning log, as Entra wraps it.
    pub fn refused(&mut self, idp: &str, action: &str, address: &str) {
        self.refused_for(idp, action, "email", address);
    }

    /// The same for another attribute.
    pub fn refused_for(&mut self, idp: &str, action: &str, attribute: &str, value: &str) {
        let detail = format!("Resource [USER]: with {attribute}[{value}] already exists.");
        let scim = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "409", "scimType": "uniqueness", "detail": detail,
        });
        let reason = format!(
            "StatusCode: Conflict\r\nMessage: Processing of the HTTP request resulted in an exception.\r\nWeb Response: \r\n{scim}. \
             This operation was retried 1 times. It will be retried again after this date: 2026-11-25T13:23:44.9198514Z UTC"
        );
        let code = "SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering";
        self.entra.log_failure(idp, action, code, &reason, hours_ago(3));
    }
}

/// A time in the recent past.
#[must_use]
pub fn hours_ago(hours: i64) -> Timestamp {
    minutes_ago(hours.saturating_mul(60))
}

/// A time in the very recent past.
#[must_use]
pub fn minutes_ago(minutes: i64) -> Timestamp {
    let now = crate::clock::now();
    now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(now)
}
