//! Tests of valid configurations and of typical mistakes.

use std::path::PathBuf;

use secrecy::ExposeSecret;

use super::*;

const EXAMPLE: &str = include_str!("../../deploy/reinstate.example.toml");

struct Case {
    dir: tempfile::TempDir,
    env: Env,
}

/// The example file with all secrets: a configuration that `serve` accepts.
fn case() -> Case {
    let mut case = Case { dir: tempfile::tempdir().unwrap(), env: Env::new() };
    for (name, value) in [
        ("SLACK_SIGNING_SECRET", "s1"),
        ("SLACK_BOT_TOKEN", "xoxb-s2"),
        ("ATLASSIAN_ORG_KEY", "s3"),
        ("ATLASSIAN_SCIM_KEY", "s4"),
        ("ENTRA_CLIENT_SECRET", "s5"),
    ] {
        case.env.insert(format!("REINSTATE_{name}"), value.to_owned());
    }
    case.write("reinstate.toml", EXAMPLE);
    case
}

impl Case {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.env.insert(format!("REINSTATE_{name}"), value.to_owned());
        self
    }

    fn unset(mut self, name: &str) -> Self {
        self.env.remove(&format!("REINSTATE_{name}")).unwrap();
        self
    }

    /// Replaces a piece of the example file; the piece must exist.
    fn edit(self, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.path("reinstate.toml")).unwrap();
        assert!(text.contains(from), "{from}");
        self.write("reinstate.toml", &text.replace(from, to));
        self
    }

    fn load(&self, purpose: Purpose) -> Result<Config, Problems> {
        Config::load(Some(&self.path("reinstate.toml")), &self.env, purpose)
    }

    fn good(&self) -> Config {
        self.load(Purpose::Serve).unwrap_or_else(|p| panic!("{p}"))
    }

    /// The problems that `serve` reports, one text each.
    fn problems(&self) -> Vec<String> {
        self.load(Purpose::Serve).unwrap_err().list.iter().map(ToString::to_string).collect()
    }

    /// The only problem that `serve` reports.
    fn problem(&self) -> String {
        let found = self.problems();
        assert_eq!(found.len(), 1, "{found:#?}");
        found.into_iter().next().unwrap()
    }
}

fn ids(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

#[test]
fn the_example_is_complete_and_good() {
    let config = case().good();
    assert_eq!(config.access.operator.users, ids(&["U0ADA"]));
    assert_eq!(config.access.viewer.usergroups, ids(&["S0HELPDESK"]));
    assert_eq!(config.approvals.start_within, Duration::from_secs(900));
    assert_eq!(config.atlassian.parking_domain.as_deref(), Some("acme.example"));
    let table: toml::Table = EXAMPLE.parse().unwrap();
    for key in schema::KEYS {
        // A key without a default that is right for everybody is shown as a comment.
        let shown = EXAMPLE.contains(&format!("\n# {} = ", key.name));
        assert!(
            shown || table[key.section].get(key.name).is_some(),
            "{}.{} is not in the example",
            key.section,
            key.name
        );
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let case = case();
    case.write(
        "reinstate.toml",
        "[slack]\nchannel = 'C1'\n[atlassian]\norg_id = 'o'\n[entra]\ntenant_id = 't'\nclient_id = 'c'\n\
         service_principal_id = 'p'\n[access]\noperator = { users = ['U1'] }\napprover = { users = ['U2'] }",
    );
    // The key of a first directory may stay in the environment when no directory is configured.
    let config = case.good();
    assert_eq!(config.server.listen, "127.0.0.1:3000");
    assert_eq!(config.slack.transport, Transport::Http);
    assert_eq!(config.slack.api_url.as_str(), "https://slack.com/api");
    assert_eq!(config.store.url.expose_secret(), "sqlite:reinstate.db");
    assert_eq!(config.entra.graph_url.as_str(), "https://graph.microsoft.com/");
    assert_eq!(config.approvals.reversible, Needed::Approvers(0));
    assert_eq!(config.approvals.destructive, Needed::Approvers(1));
    assert_eq!(config.approvals.expire_after, Duration::from_secs(3600));
    assert_eq!(config.limits.risky_steps_per_day, 20);
    assert_eq!(config.limits.confirm_within, Duration::from_secs(600));
    assert!(config.atlassian.parking_domain.is_none() && config.atlassian.directories.is_empty());
}

#[test]
fn unknown_keys_name_the_nearest() {
    for (from, to, wanted) in [
        ("[server]", "[serber]", "serber: there is no such section. The nearest is [server]."),
        ("listen =", "lisen =", "server.lisen: there is no such key. The nearest is `listen`."),
        (
            "channel =",
            "org_id = 'x'\nchannel =",
            "slack.org_id: there is no such key. `org_id` belongs under [atlassian].",
        ),
        ("users = []", "user = []", "access.viewer.user: there is no such key. The nearest is `users`."),
        (
            "[server]",
            "listen = 'x'\n[server]",
            "listen: there is no such section. `listen` belongs under [server].",
        ),
    ] {
        assert_eq!(case().edit(from, to).problem(), wanted);
    }
    let secret = case().edit("channel =", "bot_token = 'xoxb-leak'\nchannel =").problem();
    assert!(secret.contains("set REINSTATE_SLACK_BOT_TOKEN or REINSTATE_SLACK_BOT_TOKEN_FILE"), "{secret}");
    assert!(!secret.contains("leak"), "{secret}");
}

#[test]
fn all_problems_are_told_at_once() {
    let case = case()
        .edit("listen =", "lisen =")
        .edit("\"60m\"", "\"an hour\"")
        .edit("disruptive = 1", "disruptive = 0")
        .edit("https://graph.microsoft.com", "ftp://graph")
        .set("SLACK__CHANEL", "C1")
        .set("SLACK_BOT_TOKEN_FILE", "/nowhere")
        .unset("ENTRA_CLIENT_SECRET");
    let found = case.problems();
    let keys: Vec<_> = found.iter().map(|p| p.split(": ").next().unwrap()).collect();
    let wanted = [
        "server.lisen",
        "REINSTATE_SLACK__CHANEL",
        "entra.graph_url",
        "approvals.disruptive",
        "approvals.expire_after",
        "REINSTATE_SLACK_BOT_TOKEN",
        "REINSTATE_ENTRA_CLIENT_SECRET",
    ];
    assert_eq!(keys, wanted, "{found:#?}");
    let text = case.load(Purpose::Serve).unwrap_err().to_string();
    assert!(text.contains("has 7 problems:"), "{text}");
}

#[test]
fn any_key_may_be_overridden() {
    let config = case()
        .set("SERVER__LISTEN", "[::1]:0")
        .set("APPROVALS__REVERSIBLE", "never")
        .set("APPROVALS__DESTRUCTIVE", "1")
        .set("LIMITS__RISKY_STEPS_PER_DAY", "3")
        .set("LIMITS__CONFIRM_WITHIN", "2s")
        .set("ATLASSIAN__DIRECTORIES", "d1, d2")
        .set("ATLASSIAN_SCIM_KEY_2", "second")
        .set("ACCESS__PROTECTED", "[\"a@b.example\", \"c\"]")
        .set("ACCESS__VIEWER", "{ users = ['U7'], usergroups = [] }")
        .set("ACCESS__VIEWER__USERGROUPS", "S1,S2")
        .set("ACCESS__OPERATOR__USERS", "")
        .set("ENTRA__GRAPH_URL", "http://127.0.0.1:9/graph")
        .good();
    assert_eq!(config.server.listen, "[::1]:0");
    assert_eq!(config.approvals.reversible, Needed::Never);
    assert_eq!(config.limits.risky_steps_per_day, 3);
    assert_eq!(config.limits.confirm_within, Duration::from_secs(2));
    assert_eq!(config.atlassian.directories, ["d1", "d2"]);
    assert_eq!(config.access.protected, ["a@b.example", "c"]);
    assert_eq!(config.access.viewer, Grant { users: ids(&["U7"]), usergroups: ids(&["S1", "S2"]) });
    assert!(config.access.operator.users.is_empty());
    assert_eq!(config.entra.graph_url.as_str(), "http://127.0.0.1:9/graph");
    let keys: Vec<_> =
        config.secrets.atlassian_scim.iter().map(|k| k.as_ref().unwrap().expose_secret()).collect();
    assert_eq!(keys, ["s4", "second"]);
}

#[test]
fn every_key_of_the_schema_has_an_override() {
    let table: toml::Table = EXAMPLE.parse().unwrap();
    let mut case = Case { dir: tempfile::tempdir().unwrap(), env: case().env };
    case.write("reinstate.toml", "");
    for key in schema::KEYS {
        // A key that the example shows as a comment has no value there.
        let Some(value) = table[key.section].get(key.name) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        case = case.set(&format!("{}__{}", key.section.to_uppercase(), key.name.to_uppercase()), &text);
    }
    assert_eq!(format!("{:?}", case.good()), format!("{:?}", self::case().good()));
}

#[test]
fn unknown_overrides_name_the_nearest() {
    for (name, near) in [
        ("SLACK__CHANEL", "REINSTATE_SLACK__CHANNEL"),
        ("ACCESS__VIEWER__USER", "REINSTATE_ACCESS__VIEWER__USERS"),
        ("Slack__channel", "REINSTATE_SLACK__CHANNEL"),
        ("SERVER__LISTEN__PORT", "REINSTATE_SERVER__LISTEN"),
    ] {
        let wanted = format!("REINSTATE_{name}: no key has this name. The nearest is {near}.");
        assert_eq!(case().set(name, "x").problem(), wanted);
    }
    // Kubernetes sets such variables for a service with the name of the bot.
    case().set("SERVICE_HOST", "10.0.0.1").set("PORT_3000_TCP", "tcp://10.0.0.1:3000").good();
}

#[test]
fn values_are_bounded() {
    for (key, value) in [
        ("server.listen", "3000"),
        ("server.listen", ":3000"),
        ("server.listen", "host:99999"),
        ("slack.transport", "websocket"),
        ("slack.api_url", "https://slack.com/api?x=1"),
        ("slack.api_url", "slack.com/api"),
        ("slack.channel", "#admins"),
        ("store.url", "mysql://h/d"),
        ("store.url", "sqlite:"),
        ("atlassian.org_id", "../x"),
        ("atlassian.directories", "a,a"),
        ("atlassian.parking_domain", "acme"),
        ("entra.login_url", "https://user@host"),
        ("entra.tenant_id", "a/b"),
        ("entra.directory", "elsewhere"),
        ("entra.sync_all", "perhaps"),
        ("approvals.reversible", "-1"),
        ("approvals.disruptive", "0"),
        ("approvals.destructive", "11"),
        ("approvals.destructive", "always"),
        ("approvals.expire_after", "0s"),
        ("approvals.expire_after", "60"),
        ("approvals.start_within", "25h"),
        ("limits.confirm_within", "99999999999999999999s"),
        ("limits.risky_steps_per_day", "-1"),
        ("limits.risky_steps_per_day", "many"),
    ] {
        let problem = case().set(&key.to_uppercase().replace('.', "__"), value).problem();
        assert!(problem.starts_with(&format!("{key}: ")), "{value}: {problem}");
    }
    for (role, value) in
        [("VIEWER__USERS", "ada"), ("VIEWER__USERS", "S0GROUP"), ("VIEWER__USERGROUPS", "U0ADA")]
    {
        let problem = case().set(&format!("ACCESS__{role}"), value).problem();
        assert!(problem.contains("is not the id of a Slack user"), "{problem}");
    }
    assert!(case().edit("protected = [", "protected = [1, ").problem().starts_with("access.protected: "));
    assert!(case().edit("channel = \"C0ADMINS\"", "channel = 5").problem().contains("this is a integer"));
}

#[test]
fn what_graph_may_not_show_of_the_job_can_be_configured() {
    let config = case().good();
    assert_eq!((config.entra.directory, config.entra.sync_all), (None, None));
    let config = case()
        .set("ATLASSIAN__DIRECTORIES", "d1,d2")
        .set("ENTRA__DIRECTORY", "d2")
        .set("ENTRA__SYNC_ALL", "true")
        .good();
    let upstream = config.upstream();
    assert_eq!((upstream.job_directory.as_deref(), upstream.sync_all), (Some("d2"), Some(true)));
}

#[test]
fn durations_may_be_compound() {
    let config = case().set("APPROVALS__EXPIRE_AFTER", "1h30m").set("LIMITS__CONFIRM_WITHIN", "24h").good();
    assert_eq!(config.approvals.expire_after, Duration::from_secs(5400));
    assert_eq!(config.limits.confirm_within, Duration::from_secs(86_400));
}

#[test]
fn secrets_come_from_files_as_well() {
    let case = case().unset("SLACK_BOT_TOKEN");
    let path = case.write("token", "xoxb-from-file\r\n");
    let config = case.set("SLACK_BOT_TOKEN_FILE", &path).good();
    assert_eq!(config.secrets.slack_bot.unwrap().expose_secret(), "xoxb-from-file");
}

#[test]
fn secrets_that_cannot_be_read_are_named() {
    let both = case().set("SLACK_BOT_TOKEN_FILE", "/nowhere").problem();
    assert!(
        both.starts_with("REINSTATE_SLACK_BOT_TOKEN: REINSTATE_SLACK_BOT_TOKEN_FILE is set as well"),
        "{both}"
    );
    let gone = case().unset("ATLASSIAN_SCIM_KEY").set("ATLASSIAN_SCIM_KEY_FILE", "/nowhere/key").problem();
    assert!(
        gone.starts_with("REINSTATE_ATLASSIAN_SCIM_KEY_FILE: the file /nowhere/key cannot be read"),
        "{gone}"
    );
    let two_lines = case().set("ATLASSIAN_ORG_KEY", "abc\ndef").problems();
    assert!(two_lines[0].starts_with("REINSTATE_ATLASSIAN_ORG_KEY: the secret holds more"), "{two_lines:?}");
    assert!(!two_lines.concat().contains("abc"));
    assert_eq!(two_lines.len(), 1, "{two_lines:?}");
    let beyond = case().set("ATLASSIAN_SCIM_KEY_2", "x").problem();
    assert!(beyond.contains("lists 1"), "{beyond}");
    let first = case().set("ATLASSIAN_SCIM_KEY_1", "x").problem();
    assert!(first.contains("The first directory's key is REINSTATE_ATLASSIAN_SCIM_KEY"), "{first}");
}

#[test]
fn a_missing_scim_key_is_no_error() {
    let config = case().unset("ATLASSIAN_SCIM_KEY").good();
    assert_eq!(config.secrets.atlassian_scim.len(), 1);
    assert!(config.secrets.atlassian_scim[0].is_none());
}

#[test]
fn nothing_secret_is_shown() {
    let url = "postgres://u:hunter2@h/d";
    let config = case().set("STORE__URL", url).set("SLACK_APP_TOKEN", "xapp-s6").good();
    let text = format!("{config:?}");
    for secret in ["hunter2", "\"s1\"", "xoxb-s2", "\"s3\"", "\"s4\"", "\"s5\"", "xapp-s6"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for (name, value) in [("STORE__URL", "mysql://u:hunter2@h/d"), ("SLACK__API_URL", "https://u:hunter2@h")]
    {
        assert!(!case().set(name, value).problem().contains("hunter2"));
    }
    let syntax = case().edit("[server]", "password = hunter2").problems().concat();
    assert!(syntax.contains("this is not TOML") && !syntax.contains("hunter2"), "{syntax}");
}

#[test]
fn serve_needs_its_secrets() {
    for name in ["SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "ATLASSIAN_ORG_KEY", "ENTRA_CLIENT_SECRET"] {
        let wanted = format!("REINSTATE_{name}: this secret is needed and not set");
        assert!(case().unset(name).problem().starts_with(&wanted));
        assert!(case().set(name, " ").problem().starts_with(&wanted));
    }
    let socket = case().set("SLACK__TRANSPORT", "socket").unset("SLACK_SIGNING_SECRET");
    assert!(socket.problem().starts_with("REINSTATE_SLACK_APP_TOKEN: "));
    socket.set("SLACK_APP_TOKEN", "xapp-1").good();
}

#[test]
fn commands_need_only_their_part() {
    let case = case()
        .unset("SLACK_SIGNING_SECRET")
        .unset("SLACK_BOT_TOKEN")
        .set("SLACK__CHANNEL", "")
        .set("ACCESS__APPROVER__USERS", "");
    let config = case.load(Purpose::Diagnose).unwrap();
    let missing: Vec<_> = config.for_serve().unwrap_err().list.into_iter().map(|p| p.key).collect();
    let slack = ["slack.channel", "REINSTATE_SLACK_BOT_TOKEN", "REINSTATE_SLACK_SIGNING_SECRET"];
    assert_eq!(missing, [&slack[..], &["approvals.disruptive", "approvals.destructive"]].concat());
    let case = case.unset("ATLASSIAN_ORG_KEY").set("ENTRA__TENANT_ID", "");
    let keys: Vec<_> = case.load(Purpose::Diagnose).unwrap_err().list.into_iter().map(|p| p.key).collect();
    assert_eq!(keys, ["entra.tenant_id", "REINSTATE_ATLASSIAN_ORG_KEY"]);
    assert!(case.load(Purpose::Store).is_ok());
}

#[test]
fn an_approval_that_nobody_can_give_is_refused() {
    let rule = |operators: &str, approvers: &str, groups: &str, needed: &str| {
        case()
            .set("ACCESS__OPERATOR__USERS", operators)
            .set("ACCESS__APPROVER__USERS", approvers)
            .set("ACCESS__APPROVER__USERGROUPS", groups)
            .set("APPROVALS__DISRUPTIVE", "never")
            .set("APPROVALS__DESTRUCTIVE", needed)
    };
    for (operators, approvers, needed) in
        [("U1", "", "1"), ("U1", "U1", "1"), ("U1", "U2", "2"), ("U1,U2", "U1,U2", "2"), ("", "", "1")]
    {
        let problem = rule(operators, approvers, "", needed).problem();
        assert!(
            problem.starts_with("approvals.destructive: "),
            "{operators}/{approvers}/{needed}: {problem}"
        );
    }
    // Any operators from the group do not help: there are no two approvers.
    let few = rule("", "U1", "", "2").set("ACCESS__OPERATOR__USERGROUPS", "S1").problem();
    assert!(few.contains("access.approver has 1"), "{few}");
    rule("U1", "U2", "", "1").good();
    rule("U1,U2", "U1", "", "1").good();
    rule("U1,U2", "U1,U2", "", "1").good();
    rule("U1", "", "", "never").good();
    // The members of a user group are not known at start.
    rule("U1", "", "S1", "3").good();
    rule("U1", "U1", "", "1").set("ACCESS__OPERATOR__USERGROUPS", "S1").good();
    let reversible = rule("U1", "", "", "never").set("APPROVALS__REVERSIBLE", "1").problem();
    assert!(reversible.starts_with("approvals.reversible: "), "{reversible}");
}

#[test]
fn the_file_is_found_by_name() {
    let case = case();
    let named = case.path("reinstate.toml").display().to_string();
    let by_env = case.set("CONFIG", &named);
    assert!(Config::load(None, &by_env.env, Purpose::Serve).is_ok());
    let gone = by_env.path("gone.toml");
    let problems = Config::load(Some(&gone), &by_env.env, Purpose::Store).unwrap_err();
    assert_eq!(problems.list[0].key, gone.display().to_string());
    let by_env = by_env.set("CONFIG", "/nowhere/r.toml");
    assert_eq!(Config::load(None, &by_env.env, Purpose::Store).unwrap_err().list[0].key, "/nowhere/r.toml");
    // Without a file, the environment may hold all settings. There is no reinstate.toml in this folder.
    let env = Env::from([("REINSTATE_STORE__URL".to_owned(), "sqlite:x.db".to_owned())]);
    assert_eq!(Config::load(None, &env, Purpose::Store).unwrap().store.url.expose_secret(), "sqlite:x.db");
}
