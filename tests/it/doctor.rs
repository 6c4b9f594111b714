//! The doctor with the simulated services: every check passes if everything is right. Each common mistake has its own
//! message and its own fix.

use std::collections::BTreeMap;
use std::process::Stdio;

use reinstate::doctor::State;
use reinstate::upstream::Certificate;
use reinstate_sandbox::entra::Registered;
use reinstate_sandbox::tenant::{ADMINS, CLIENT, ORG_KEY, SCIM_KEY, Tenant};
use reinstate_sandbox::wire::{Injection, Service};
use reinstate_sandbox::{Sandbox, lock};
use serde_json::Value;
use tokio::process::Command;

pub struct Said {
    pub code: i32,
    checks: Vec<Value>,
    all: String,
}

impl Said {
    fn find(&self, name: &str) -> &Value {
        let found = self.checks.iter().find(|check| check["name"].as_str().unwrap().starts_with(name));
        found.unwrap_or_else(|| panic!("no {name} in\n{}", self.all))
    }

    pub fn is(&self, name: &str, state: State) -> &Self {
        let wanted = serde_json::to_value(state).unwrap();
        assert_eq!(self.find(name)["state"], wanted, "{}", self.find(name));
        self
    }

    pub fn says(&self, name: &str, words: &str) -> &Self {
        let check = self.find(name);
        let text = format!("{} {}", check["saw"], check["fix"]);
        assert!(text.contains(words), "{words:?} is not in {text}");
        self
    }
}

/// An environment with a store of its own, and with a fault.
pub struct Patient {
    pub sandbox: Sandbox,
    env: BTreeMap<String, String>,
    folder: tempfile::TempDir,
}

impl Patient {
    pub async fn new() -> Self {
        Self::of(Tenant::new()).await
    }

    pub async fn of(tenant: Tenant) -> Self {
        reinstate::upstream::install_tls();
        let sandbox = Sandbox::start(tenant).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("d.db").display());
        let env = sandbox.env(&store, "127.0.0.1:0");
        Self { sandbox, env, folder }
    }

    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.env.insert(format!("REINSTATE_{key}"), value.to_owned());
        self
    }

    pub fn unset(mut self, key: &str) -> Self {
        self.env.remove(&format!("REINSTATE_{key}"));
        self
    }

    fn refusing(self, service: Service, path: &str, body: &str) -> Self {
        let refusal = Injection::Answer { status: 403, headers: Vec::new(), body: body.to_owned() };
        self.sandbox.wire.inject(service, None, path, u32::MAX, refusal);
        self
    }

    /// The program in this environment, ready to run a command.
    pub fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_reinstate"));
        program.env_clear().envs(&self.env).current_dir(self.folder.path());
        program.stdin(Stdio::null()).kill_on_drop(true);
        program
    }

    /// The address of its store.
    pub fn store_url(&self) -> String {
        self.env["REINSTATE_STORE__URL"].clone()
    }

    pub async fn asks(&self) -> Said {
        let out = self.program().args(["doctor", "--json"]).output().await.unwrap();
        let all = String::from_utf8(out.stdout).unwrap();
        let said: Value = serde_json::from_str(&all).unwrap_or_else(|error| panic!("{error}: {all}"));
        assert_eq!(said["schema"], 1);
        let checks = said["checks"].as_array().unwrap().clone();
        let secrets = ["SIGNING_SECRET", "BOT_TOKEN", "ORG_KEY", "SCIM_KEY", "CLIENT_SECRET"];
        for (name, value) in &self.env {
            // The keys of the configuration file have two underscores, and are no secrets.
            let is_secret = secrets.iter().any(|secret| name.ends_with(secret)) && !name.contains("__");
            assert!(!is_secret || !all.contains(value), "{name} was printed");
        }
        Said { code: out.status.code().unwrap(), checks, all }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feeds_of_the_watch_are_named_and_a_missing_one_stops_nothing() {
    let feeds = ["watch.users", "watch.groups", "watch.provisioning-log", "watch.events"];
    let patient = Patient::new().await.set("WATCH__EVERY", "5m");
    let said = patient.asks().await;
    for feed in feeds {
        said.is(feed, State::Good);
    }
    said.says("watch.events", "Without Atlassian Guard it may stay empty");
    {
        let mut atlassian = lock(&patient.sandbox.atlassian);
        atlassian.has_guard = false;
        atlassian.switches.unguarded_status = 403;
    }
    let said = patient.asks().await;
    said.is("watch.events", State::Unknown)
        .says("watch.events", "403")
        .says("watch.events", "Atlassian Guard");
    said.is("watch.users", State::Good);
    assert_eq!(said.code, 0, "the watch goes on with the others");
    let said = Patient::new().await.asks().await;
    assert!(!said.all.contains("watch."), "the watch is off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_house_is_green() {
    let patient = Patient::new().await;
    let said = patient.asks().await;
    let wrong: Vec<&Value> =
        said.checks.iter().filter(|check| check["state"] != "good" && check["by_hand"] != true).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(said.code, 0);
    for name in [
        "slack.token",
        "slack.scopes",
        "slack.channel",
        "store.write",
        "store.durability",
        "atlassian.org-key",
        "atlassian.user-management",
        "atlassian.parking-domain",
        "atlassian.scim-key",
        "entra.login",
        "entra.permission AuditLog.Read.All",
        "entra.service-principal",
        "entra.job",
        "entra.rules",
        "access.four-eyes",
        "clock",
    ] {
        said.is(name, State::Good);
    }
    assert_eq!(patient.sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_filled_configuration_is_told_all_at_once() {
    let said = Patient::new().await.unset("SLACK_BOT_TOKEN").unset("SLACK__CHANNEL").asks().await;
    assert_eq!(said.code, 2);
    said.is("configuration slack.channel", State::Bad)
        .is("configuration REINSTATE_SLACK_BOT_TOKEN", State::Bad);
    said.is("atlassian.org-key", State::Good);
    let said = Patient::new().await.set("ENTRA__TENANT", "x").set("STORE__URL", "mysql://x").asks().await;
    assert_eq!(said.code, 78);
    said.says("configuration REINSTATE_ENTRA__TENANT", "TENANT_ID").is("configuration store.url", State::Bad);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_swapped_or_wrong_are_told_apart() {
    let said = Patient::new()
        .await
        .set("ATLASSIAN_ORG_KEY", SCIM_KEY)
        .set("ATLASSIAN_SCIM_KEY", ORG_KEY)
        .asks()
        .await;
    said.says("atlassian.org-key", "Swap REINSTATE_ATLASSIAN_ORG_KEY");
    said.says("atlassian.scim-key", "Swap REINSTATE_ATLASSIAN_ORG_KEY");
    assert_eq!(said.code, 2);
    let said = Patient::new().await.set("ATLASSIAN_ORG_KEY", "an-old-key").asks().await;
    said.says("atlassian.org-key", "wrong, revoked or expired").is("atlassian.scim-key", State::Good);
    let said = Patient::new().await.set("ATLASSIAN_SCIM_KEY", "an-old-key").asks().await;
    said.says("atlassian.scim-key", "wrong, expired, or of another directory");
    let said = Patient::new().await.set("ENTRA_CLIENT_SECRET", "an-old-secret").asks().await;
    said.is("entra.login", State::Bad).says("entra.login", "Certificates & secrets");
    let patient = Patient::new().await.set("ENTRA_CLIENT_SECRET", "of-last-year");
    let expired = "of-last-year".to_owned();
    lock(&patient.sandbox.entra).apps.get_mut(CLIENT).unwrap().expired_secrets.push(expired);
    let said = patient.asks().await;
    said.is("entra.login", State::Bad).says("entra.login", "AADSTS7000222").says("entra.login", "new secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn entra_takes_a_certificate_or_a_federated_token_instead_of_a_secret() {
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/test-certificate.pem");
    let patient = || async { Patient::new().await.unset("ENTRA_CLIENT_SECRET") };
    let said = patient().await.set("ENTRA_CERTIFICATE_FILE", pem).asks().await;
    said.is("entra.login", State::Bad).says("entra.login", "not registered with the application");

    let signed = patient().await.set("ENTRA_CERTIFICATE_FILE", pem);
    let text = std::fs::read_to_string(pem).unwrap();
    let certificate = Certificate::from_pem(&text.into()).unwrap();
    let registered = Registered {
        thumbprint: certificate.thumbprint().to_owned(),
        public_key: certificate.public_key().to_vec(),
    };
    lock(&signed.sandbox.entra).apps.get_mut(CLIENT).unwrap().certificates.push(registered);
    let said = signed.asks().await;
    said.is("entra.login", State::Good).is("entra.job", State::Good);
    said.is("entra.credential-expiry", State::Good).says("entra.credential-expiry", "2126-11-01");
    assert_eq!(said.code, 0, "{}", said.all);

    let federated = patient().await;
    let file = federated.folder.path().join("token");
    std::fs::write(&file, "an.outside.assertion\n").unwrap();
    lock(&federated.sandbox.entra)
        .apps
        .get_mut(CLIENT)
        .unwrap()
        .assertions
        .push("an.outside.assertion".into());
    let said = federated.set("ENTRA_FEDERATED_TOKEN_FILE", &file.display().to_string()).asks().await;
    said.is("entra.login", State::Good);
    assert!(!said.all.contains("entra.credential-expiry"), "nothing of ours ends: {}", said.all);

    let both = Patient::new().await.set("ENTRA_CERTIFICATE_FILE", pem).asks().await;
    assert_eq!(both.code, 78);
    both.says("configuration REINSTATE_ENTRA_CLIENT_SECRET", "Keep one way to log in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_organization_key_is_told() {
    let patient = Patient::new().await;
    let body = r#"{"code":403,"message":"required scope: manage:org"}"#;
    let said = patient.refusing(Service::Atlassian, "/manage", body).asks().await;
    said.is("atlassian.user-management", State::Bad).says("atlassian.user-management", "without scopes");
    assert_eq!(said.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_was_not_granted_is_named() {
    for (permission, path) in [
        ("User.Read.All", "/v1.0/users"),
        ("GroupMember.Read.All", "/v1.0/groups"),
        ("Synchronization.Read.All", "/synchronization/jobs"),
        ("AuditLog.Read.All", "auditLogs/provisioning"),
    ] {
        let body = r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}"#;
        let said = Patient::new().await.refusing(Service::Entra, path, body).asks().await;
        let name = format!("entra.permission {permission}");
        said.is(&name, State::Bad).says(&name, "grant admin consent");
    }
}

/// The roles of the bot's application.
fn grant(patient: &Patient, change: impl FnOnce(&mut Vec<String>)) {
    change(&mut lock(&patient.sandbox.entra).apps.get_mut(CLIENT).unwrap().roles);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_for_the_audit_log_is_optional_and_is_probed() {
    const NAME: &str = "entra.permission Directory.Read.All";
    let said = Patient::new().await.asks().await;
    said.is(NAME, State::Unknown)
        .says(NAME, "never starts one")
        .says(NAME, "403 Authorization_RequestDenied");
    assert_eq!(said.code, 0, "it is optional");
    let patient = Patient::new().await;
    grant(&patient, |roles| roles.push("Directory.Read.All".to_owned()));
    patient.asks().await.is(NAME, State::Good);
    // The newer permission is enough for the provisioning log, and not for the audit log.
    let patient = Patient::new().await;
    grant(&patient, |roles| {
        roles.retain(|role| role != "AuditLog.Read.All");
        roles.extend(["ProvisioningLog.Read.All".to_owned(), "Directory.Read.All".to_owned()]);
    });
    patient.asks().await.is("entra.permission AuditLog.Read.All", State::Good).is(NAME, State::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_to_start_a_job_is_tried_without_starting_one() {
    const NAME: &str = "entra.permission Synchronization.ReadWrite.All";
    let patient = Patient::new().await;
    patient.asks().await.is(NAME, State::Good);
    let job = lock(&patient.sandbox.entra).atlassian_job().unwrap().clone();
    assert!(lock(&patient.sandbox.entra).audits.is_empty(), "nothing was started");
    assert_eq!(job.schedule_state, "Active");

    let patient = Patient::new().await;
    grant(&patient, |roles| {
        roles.retain(|role| role != "Synchronization.ReadWrite.All");
        roles.push("Synchronization.Read.All".to_owned());
    });
    let said = patient.asks().await;
    said.is(NAME, State::Unknown)
        .says(NAME, "403 Authorization_RequestDenied")
        .says(NAME, "only diagnosis works");
    assert_eq!(said.code, 0, "diagnosis needs no more");

    // The owner of the application: Graph's answer looks like that to an expired token.
    for allowed in [false, true] {
        let patient = Patient::new().await;
        {
            let mut entra = lock(&patient.sandbox.entra);
            entra.switches.owner_may_start = allowed;
            let sp = entra.atlassian.clone();
            entra.service_principals.get_mut(&sp).unwrap().owners.push(CLIENT.to_owned());
        }
        grant(&patient, |roles| {
            roles.retain(|role| role != "Synchronization.ReadWrite.All");
            roles.push("Application.ReadWrite.OwnedBy".to_owned());
        });
        let said = patient.asks().await;
        said.is("entra.permission Synchronization.Read.All", State::Good);
        if allowed {
            said.is(NAME, State::Good);
        } else {
            said.is(NAME, State::Unknown)
                .says(NAME, "lacks a right")
                .says(NAME, "of the enterprise application");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_on_the_original_user_management_is_told_apart() {
    const NAME: &str = "atlassian.centralized-user-management";
    let patient = Patient::new().await;
    patient.asks().await.is(NAME, State::Good);
    lock(&patient.sandbox.atlassian).switches.original_user_management = true;
    let said = patient.asks().await;
    said.is(NAME, State::Unknown).says(NAME, "original user management (400 ADMIN-400-4)");
    said.says(NAME, "instead of the step restore-access");
    assert_eq!(said.code, 0, "diagnosis and most repairs work");
    // Another 400 does not say that.
    let patient = Patient::new().await;
    let body =
        r#"{"errors":[{"id":"1","status":"400","code":"ADMIN-400-24","title":"Invalid","detail":""}]}"#;
    let refusal = Injection::Answer { status: 400, headers: Vec::new(), body: body.to_owned() };
    patient.sandbox.wire.inject(Service::Atlassian, None, "/last-active-dates", u32::MAX, refusal);
    patient.asks().await.is(NAME, State::Bad).says(NAME, "400 ADMIN-400-24");
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_own_troubles_each_have_a_sentence() {
    let patient = Patient::new().await;
    lock(&patient.sandbox.slack).scopes.remove("usergroups:read");
    let said = patient.asks().await;
    said.says("slack.scopes", "usergroups:read").is("slack.scopes", State::Bad);

    let said = Patient::new().await.set("SLACK_BOT_TOKEN", "xoxb-revoked").asks().await;
    said.says("slack.token", "invalid_auth").is("slack.token", State::Bad);

    let patient = Patient::new().await;
    let bot = lock(&patient.sandbox.slack).bot_user.clone();
    lock(&patient.sandbox.slack).channels.get_mut(ADMINS).unwrap().members.remove(&bot);
    patient.asks().await.says("slack.channel", "/invite");

    let patient = Patient::new().await;
    lock(&patient.sandbox.slack).channels.get_mut(ADMINS).unwrap().is_ext_shared = true;
    patient.asks().await.says("slack.channel", "shared with another company");

    let said = Patient::new().await.set("SLACK_SIGNING_SECRET", "abc").asks().await;
    said.says("slack.signing-secret", "32 hexadecimal digits");
    assert_eq!(said.code, 0, "its form alone proves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_no_person_can_satisfy_and_protections_of_nobody_are_bad() {
    let patient = Patient::new().await;
    lock(&patient.sandbox.slack).users.get_mut("U0GRACE").unwrap().deleted = true;
    let said = patient.asks().await;
    said.says("access.approver", "U0GRACE is deactivated").says("access.four-eyes", "U0ADA");

    let patient = Patient::new().await;
    lock(&patient.sandbox.slack).groups.get_mut("S0HELPDESK").unwrap().users.clear();
    patient.asks().await.says("access.viewer", "user group S0HELPDESK is empty");

    let said =
        Patient::new().await.set("ACCESS__PROTECTED", "ada@acme.example,nobody@acme.example").asks().await;
    said.is("access.protected", State::Bad).says("access.protected", "nobody@acme.example is nobody");
    let said = Patient::new().await.set("ACCESS__PROTECTED", "ada@acme.example").asks().await;
    said.is("access.protected", State::Good);
    let said = Patient::new().await.set("ATLASSIAN__PARKING_DOMAIN", "other.example").asks().await;
    said.says("atlassian.parking-domain", "not a domain of this organization");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_down_are_unknown_and_never_good() {
    let patient = Patient::new().await;
    for service in [Service::Slack, Service::Atlassian, Service::Entra] {
        patient.sandbox.wire.inject(service, None, "/", u32::MAX, Injection::LoseRequest);
    }
    let said = patient.asks().await;
    assert_eq!(said.code, 3, "{}", said.all);
    said.is("slack.token", State::Unknown)
        .is("atlassian.org-key", State::Unknown)
        .is("entra.login", State::Unknown);
    said.is("store.write", State::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_newer_program_and_a_folder_that_is_no_folder_are_told() {
    let patient = Patient::new().await;
    let folder = patient.folder.path().join("file");
    std::fs::write(&folder, "").unwrap();
    let url = format!("sqlite:{}", folder.join("d.db").display());
    let said = patient.set("STORE__URL", &url).asks().await;
    said.is("store.open", State::Bad).says("store.open", "store.url");
    assert_eq!(said.code, 2);
}
