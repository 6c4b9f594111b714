//! Follows `docs/how-to/setup.md` literally. Its commands are typed in one shell, and its configuration is written with
//! the ids of the simulated tenant. Its table gives the permissions to grant, and its manifest the scopes. The consoles
//! begin empty, so anything that the document forgets is missing. The document and the program cannot diverge
//! unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reinstate::exec::Journal;
use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::slack::Workspace;
use reinstate_sandbox::tenant::{
    ADMINS, BOT_TOKEN, CLIENT, CLIENT_SECRET, DIRECTORY, DOMAIN, ORG, ORG_KEY, SCIM_KEY, SIGNING_SECRET,
    TENANT,
};
use reinstate_sandbox::{Sandbox, lock};
use reinstate_store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::process::PROCESS_TIMEOUT;
use super::story::{Clicks, talk_to};
use reinstate_testing::port::free_port;

/// The address in the document at which Slack reaches the bot.
const PUBLIC: &str = "https://reinstate.acme.example";

/// A fenced block: its language and its text.
struct Block {
    language: String,
    text: String,
}

struct Document {
    text: String,
    blocks: Vec<Block>,
}

impl Document {
    fn read() -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/how-to/setup.md");
        let text = std::fs::read_to_string(path).unwrap();
        let mut blocks = Vec::new();
        let mut open: Option<(usize, Block)> = None;
        for line in text.lines() {
            let fence = line.trim_start().strip_prefix("```");
            match (open.take(), fence) {
                (None, None) => {}
                (None, Some(language)) => {
                    let indent = line.len() - line.trim_start().len();
                    open = Some((indent, Block { language: language.to_owned(), text: String::new() }));
                }
                (Some((_, block)), Some(_)) => blocks.push(block),
                (Some((indent, mut block)), None) => {
                    block.text += line.get(indent..).unwrap_or("");
                    block.text.push('\n');
                    open = Some((indent, block));
                }
            }
        }
        assert!(open.is_none(), "a block of the document has no end");
        Self { text, blocks }
    }

    /// The Entra permissions in the table of capabilities, down to the row that starts with `until`.
    fn permissions(&self, until: &str) -> BTreeSet<String> {
        let mut granted = BTreeSet::new();
        for row in self.text.lines().skip_while(|line| !line.starts_with("| you want")).skip(2) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let (keep, replaced) = cells[4].split_once(" instead of ").unwrap_or((cells[4], ""));
            let names = |cell: &str| -> BTreeSet<String> {
                cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
            granted.extend(names(keep));
            granted = &granted - &names(replaced);
            if cells[1].starts_with(until) {
                return granted;
            }
        }
        panic!("the table has no row {until}");
    }
}

/// One shell that a person types into and reads.
struct Terminal {
    shell: Child,
    input: ChildStdin,
    output: ChildStdout,
    shown: String,
    read: usize,
}

impl Terminal {
    fn open(folder: &Path, env: &BTreeMap<String, String>) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_reinstate")).parent().unwrap().display().to_string();
        let mut shell = Command::new("sh");
        shell.arg("-e").current_dir(folder).env_clear().envs(env);
        shell.env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap()));
        // A process group of its own, so that the programs that it started end with it.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut shell = shell.spawn().unwrap();
        let (input, output) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
        Self { shell, input, output, shown: String::new(), read: 0 }
    }

    async fn types(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits until the shell shows this text. Returns what it showed since the last call.
    async fn shows(&mut self, wanted: &str) -> String {
        let mut bytes = [0; 4096];
        loop {
            let new = self.shown.get(self.read..).unwrap();
            if let Some(at) = new.find(wanted) {
                let before = new.get(..at).unwrap().to_owned();
                self.read += at + wanted.len();
                return before;
            }
            let count =
                tokio::time::timeout(PROCESS_TIMEOUT, self.output.read(&mut bytes)).await.unwrap().unwrap();
            assert!(count > 0, "the shell ended before it showed {wanted:?}:\n{}", self.shown);
            self.shown += &String::from_utf8_lossy(&bytes[..count]);
        }
    }

    /// Types a block, answers its prompts, and returns what the shell showed. A failing command ends the shell.
    async fn runs(&mut self, block: &str, answers: &[(&str, &str)]) -> String {
        self.types(block).await;
        let mut shown = String::new();
        for (question, answer) in answers {
            shown += &self.shows(&format!("{question}: ")).await;
            self.types(&format!("{answer}\n")).await;
        }
        self.types("echo '[done]'\n").await;
        shown + &self.shows("[done]\n").await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(pid) = self.shell.id() {
            std::process::Command::new("kill").args(["-KILL", "--", &format!("-{pid}")]).status().ok();
        }
    }
}

/// The addresses of the simulated services. The real services need none of these settings.
fn addresses(sandbox: &Sandbox, port: u16) -> BTreeMap<String, String> {
    let all = sandbox.env("", &format!("127.0.0.1:{port}"));
    let mut some: BTreeMap<String, String> =
        all.into_iter().filter(|(name, _)| name.ends_with("_URL") && !name.contains("STORE")).collect();
    some.insert("REINSTATE_SERVER__LISTEN".into(), format!("127.0.0.1:{port}"));
    some
}

/// The configuration from the document with the ids of this tenant, as a person copies them from the consoles.
fn filled_in(toml: &str, sandbox: &Sandbox) -> String {
    let mut table: toml::Table = toml.parse().unwrap();
    let service_principal = lock(&sandbox.entra).atlassian.clone();
    let mut copied: BTreeMap<&str, toml::Value> = BTreeMap::from([
        ("slack.channel", ADMINS.into()),
        ("atlassian.org_id", ORG.into()),
        ("atlassian.parking_domain", DOMAIN.into()),
        ("atlassian.directories", vec![DIRECTORY].into()),
        ("entra.tenant_id", TENANT.into()),
        ("entra.client_id", CLIENT.into()),
        ("entra.service_principal_id", service_principal.into()),
    ]);
    for (section, keys) in &mut table {
        // The people and the groups in the document are those of the simulated tenant.
        for (key, value) in keys.as_table_mut().unwrap().iter_mut().filter(|_| section != "access") {
            let id = copied.remove(format!("{section}.{key}").as_str());
            *value = id.unwrap_or_else(|| panic!("nobody is told where to copy {section}.{key}"));
        }
    }
    assert!(copied.is_empty(), "the document leaves out {copied:?}");
    table.to_string()
}

/// *Create New App > From a manifest > Install*. Returns the request URL that Slack now calls.
fn installs(manifest: &str, sandbox: &Sandbox) -> String {
    let lines = || manifest.lines().map(str::trim);
    let scopes = lines().skip_while(|line| *line != "bot:").skip(1).map_while(|line| line.strip_prefix("- "));
    lock(&sandbox.slack).scopes = scopes.map(str::to_owned).collect();
    let url = lines().find_map(|line| line.strip_prefix("url: ")).unwrap();
    url.trim_matches('"').to_owned()
}

/// Types a command in Slack. Returns the private answer, which may come immediately or a little later.
async fn says(people: &Workspace, sandbox: &Sandbox, line: &str) -> String {
    if line == "/invite @Reinstate" {
        let mut slack = lock(&sandbox.slack);
        let bot = slack.bot_user.clone();
        slack.channels.get_mut(ADMINS).unwrap().members.insert(bot);
        return String::new();
    }
    let text = line.strip_prefix("/reinstate ").unwrap_or_else(|| panic!("nobody can type {line:?}"));
    let heard = || lock(&sandbox.slack).transcript().len();
    let before = heard();
    let ack = people.command("U0ADA", ADMINS, text).await.unwrap();
    assert_eq!(ack.status, 200, "{line}: {}", ack.body);
    let since = Instant::now();
    loop {
        let said = lock(&sandbox.slack).transcript().get(before..).unwrap_or_default().join("\n");
        // A message announces a long read first. The answer replaces it.
        if !said.is_empty() && !said.contains("Reading") {
            return said;
        }
        assert!(since.elapsed() < PROCESS_TIMEOUT, "{line}: nothing was answered: {}\n{said}", ack.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setup_followed_word_by_word_ends_with_a_green_doctor_and_a_working_bot() {
    reinstate::upstream::install_tls();
    let document = Document::read();
    let scenario = find("email-held").unwrap();
    let mut tenant = scenario.tenant();
    tenant.employee("breakglass@acme.example", "Break Glass");
    let sandbox = Sandbox::start(tenant).await.unwrap();
    // Nobody has used the consoles yet.
    lock(&sandbox.entra).apps.clear();
    {
        let mut slack = lock(&sandbox.slack);
        slack.scopes.clear();
        let bot = slack.bot_user.clone();
        slack.channels.get_mut(ADMINS).unwrap().members.remove(&bot);
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let here = format!("http://127.0.0.1:{port}");
    let mut terminal = Terminal::open(folder.path(), &addresses(&sandbox, port));
    let mut people = talk_to(&sandbox, port);
    let mut doctor = String::new();
    let mut answers = Vec::new();
    let mut serving = false;
    for block in &document.blocks {
        let text = block.text.replace(PUBLIC, &here).replace("you@", "ada@");
        match block.language.as_str() {
            "sh" if text.trim() == "reinstate serve" => {
                terminal.types(&text).await;
                let since = Instant::now();
                while !reqwest::get(format!("{here}/readyz")).await.is_ok_and(|a| a.status().is_success()) {
                    assert!(since.elapsed() < PROCESS_TIMEOUT, "serve did not come up:\n{}", terminal.shown);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                serving = true;
            }
            "sh" => {
                let all = [
                    ("slack_signing_secret", SIGNING_SECRET),
                    ("slack_bot_token", BOT_TOKEN),
                    ("atlassian_org_key", ORG_KEY),
                    ("atlassian_scim_key", SCIM_KEY),
                    ("entra_client_secret", CLIENT_SECRET),
                ];
                let asked = if text.contains("read -r") { &all[..] } else { &[] };
                let shown = terminal.runs(&text, asked).await;
                if text.contains("manifest.yaml") {
                    let manifest = std::fs::read_to_string(folder.path().join("manifest.yaml")).unwrap();
                    people.request_url = installs(&manifest, &sandbox);
                    let granted = document.permissions("repair");
                    let granted: Vec<&str> = granted.iter().map(String::as_str).collect();
                    lock(&sandbox.entra).add_app(CLIENT, CLIENT_SECRET, &granted);
                }
                if text.contains("doctor") {
                    doctor = shown;
                }
            }
            "toml" => {
                let file = folder.path().join("reinstate.toml");
                std::fs::write(file, filled_in(&block.text, &sandbox)).unwrap();
            }
            "text" => {
                for line in text.lines() {
                    answers.push(says(&people, &sandbox, line).await);
                }
            }
            other => panic!("the document has a block in {other:?} that nobody here can follow"),
        }
    }
    assert!(doctor.contains("Ready to serve") && !doctor.contains("BAD"), "{doctor}");
    assert!(serving);
    let answers = answers.join("\n");
    assert!(answers.contains("operator") && answers.contains("access is complete"), "{answers}");
    repairs(&people, &sandbox, folder.path(), scenario.who).await;
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

/// Checks that the bot does its main job after the setup: a repair is requested, approved and carried out.
async fn repairs(people: &Workspace, sandbox: &Sandbox, folder: &Path, who: &str) {
    people.command("U0ADA", ADMINS, &format!("repair {who}")).await.unwrap();
    let url = format!("sqlite:{}", folder.join("reinstate.db").display());
    let ledger = Journal::new(Store::open_existing(&url).await.unwrap());
    let mut clicks = Clicks::default();
    let since = Instant::now();
    let outcome = loop {
        clicks.click(sandbox, people, "U0GRACE", "reinstate.approve").await;
        let newest = ledger.store().recent_runs(1).await.unwrap().pop().unwrap();
        if let Some((outcome, _)) = ledger.run(&newest.run).await.unwrap().ended {
            break outcome;
        }
        assert!(since.elapsed() < PROCESS_TIMEOUT, "{}", lock(&sandbox.slack).transcript().join("\n"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(outcome, Outcome::Restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_that_setup_asks_for_diagnoses() {
    reinstate::upstream::install_tls();
    let document = Document::read();
    let sandbox = Sandbox::start(find("email-held").unwrap().tenant()).await.unwrap();
    lock(&sandbox.entra).apps.clear();
    let granted = document.permissions("diagnose from a terminal");
    let granted: Vec<&str> = granted.iter().map(String::as_str).collect();
    lock(&sandbox.entra).add_app(CLIENT, CLIENT_SECRET, &granted);
    let folder = tempfile::tempdir().unwrap();
    let toml = document.blocks.iter().find(|block| block.language == "toml").unwrap();
    std::fs::write(folder.path().join("reinstate.toml"), filled_in(&toml.text, &sandbox)).unwrap();
    let mut env = addresses(&sandbox, 0);
    env.insert("REINSTATE_ATLASSIAN_ORG_KEY".into(), ORG_KEY.into());
    env.insert("REINSTATE_ENTRA_CLIENT_SECRET".into(), CLIENT_SECRET.into());
    let mut terminal = Terminal::open(folder.path(), &env);
    let healthy = terminal.runs("reinstate check ada@acme.example\n", &[]).await;
    assert!(healthy.to_lowercase().contains("healthy"), "{healthy}");
    let broken = terminal.runs("reinstate check jane@acme.example --json || echo \"it is $?\"\n", &[]).await;
    let (answer, code) = broken.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(code, "it is 2");
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let unread: Vec<&str> =
        answer["unread"].as_array().unwrap().iter().map(|gap| gap["source"].as_str().unwrap()).collect();
    assert!(unread.iter().all(|source| source.starts_with("scim.")), "{unread:?}");
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}
