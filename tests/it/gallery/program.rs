//! What the program prints about its database and its configuration, in an empty folder.

use std::collections::BTreeMap;
use std::process::Command;

use reinstate::config::{Config, Purpose};

use super::page::{Page, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "Terminal: the database and the configuration",
        "Whoever runs the program sees it. Each entry gives standard output, standard error and the exit code.",
    );
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_reinstate"))
            .args(line.split(' ').skip(1))
            .current_dir(folder.path())
            .env_clear()
            .env("REINSTATE_STORE__URL", "sqlite:reinstate.db")
            .env("REINSTATE_SERVER__LISTEN", "127.0.0.1:1")
            .envs(UPSTREAM.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        format!("$ {line}\n{}\nexit code {}", text.trim_end(), output.status.code().unwrap())
    };
    shows!(page, "audit: there is no database", "The address is wrong, or nothing was ever started.", run("reinstate audit verify"), @"
    $ reinstate audit verify
    Something went wrong: the database could not be opened: there is no file reinstate.db; look at store.url.
    exit code 1
    ");
    shows!(page, "migrate", "It creates or updates the database.", run("reinstate migrate"), @"
    $ reinstate migrate
    The database is up to date.
    exit code 0
    ");
    shows!(page, "audit verify", "The journal is whole.", run("reinstate audit verify"), @"
    $ reinstate audit verify
    The journal is whole: 0 entries, head 0:0000000000000000000000000000000000000000000000000000000000000000.
    exit code 0
    ");
    shows!(page, "audit verify: another head", "The head is not part of the chain.", run(&format!("reinstate audit verify --head 16:{}", "7b".repeat(32))), @"
    $ reinstate audit verify --head 16:7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b
    The journal does not verify: the journal is broken at position 16: the given head is not in the chain: entries were rewritten or removed.
    exit code 1
    ");
    shows!(page, "audit verify: not a head", "As above.", run("reinstate audit verify --head 7b4b84"), @r#"
    $ reinstate audit verify --head 7b4b84
    The journal does not verify: "7b4b84" is not a head: give the 64 hexadecimal digits from a final card, or POSITION:DIGITS.
    exit code 1
    "#);
    shows!(page, "audit export", "An empty journal as a table.", run("reinstate audit export --format csv"), @"
    $ reinstate audit export --format csv
    position,at,run,run_seq,kind,facts,personal,hash
    exit code 0
    ");
    shows!(page, "report: an empty journal", "Nothing was ever started.", undated(&run("reinstate report")), @"
    $ reinstate report
    What works here, (day) to (day)

    No repair gave anybody their access back.
    Repairs: 0
    Approvals: 0 given, 0 declined, 0 not given in time
    Steps: 0
    exit code 0
    ");
    shows!(page, "report: a time to come", "There is nothing to count yet.", run("reinstate report --since 2999-01-01"), @"
    $ reinstate report --since 2999-01-01
    The time after --since lies in the future. Write for example: reinstate report --since 30d
    exit code 64
    ");
    shows!(page, "runs release: no such run", "Nothing was changed.", run("reinstate runs release 01a22b0e-0438-7587-8f82-176a680e8a9b"), @"
    $ reinstate runs release 01a22b0e-0438-7587-8f82-176a680e8a9b
    There is no run 01a22b0e-0438-7587-8f82-176a680e8a9b. The card of a run and the log show its id.
    exit code 1
    ");
    shows!(page, "health: nothing answers", "The bot does not run on this machine.", run("reinstate health"), @"
    $ reinstate health
    Nothing answers at 127.0.0.1:1.
    exit code 1
    ");
    shows!(page, "check: WHO is no name", "It is neither an address nor an account id.", run("reinstate check jane"), @r#"
    $ reinstate check jane
    "jane": that is neither an e-mail address nor an Atlassian account id. Write for example: reinstate check jane@acme.example
    exit code 64
    "#);
    shows!(page, "sandbox: no such scenario", "The nearest is named.", run("reinstate sandbox --play email"), @r#"
    $ reinstate sandbox --play email
    There is no scenario "email". The nearest is: reinstate sandbox --play email-held
    All of them: reinstate sandbox --list
    exit code 64
    "#);
    shows!(page, "sandbox --list", "The stories; here the first.", run("reinstate sandbox --list").lines().take(2).collect::<Vec<_>>().join("\n"), @"
    $ reinstate sandbox --list
    email-held                       Jane was renamed. A second, idle account bears her new address, so her real one lost its groups.
    ");
    let problems = Config::load(None, &BTreeMap::new(), Purpose::Serve).unwrap_err();
    shows!(page, "An empty configuration", "Every problem at once, with exit code 78.", problems.to_string(), @r#"
    The configuration (from the environment alone) has 11 problems:

      atlassian.org_id: this is needed and not set. Copy it from the address bar of admin.atlassian.com.
      entra.tenant_id: this is needed and not set. Copy it from the overview of the Entra admin center.
      entra.client_id: this is needed and not set. Copy the application id of Reinstate's app registration.
      entra.service_principal_id: this is needed and not set. Copy the object id of the Atlassian enterprise application.
      REINSTATE_ATLASSIAN_ORG_KEY: this secret is needed and not set. Set REINSTATE_ATLASSIAN_ORG_KEY, or REINSTATE_ATLASSIAN_ORG_KEY_FILE to the path of a file that holds it.
      REINSTATE_ENTRA_CLIENT_SECRET: this secret is needed and not set. Set REINSTATE_ENTRA_CLIENT_SECRET, or REINSTATE_ENTRA_CLIENT_SECRET_FILE to the path of a file that holds it.
      slack.channel: this is needed and not set. Copy the id of the channel where approvals are to be asked.
      REINSTATE_SLACK_BOT_TOKEN: this secret is needed and not set. Set REINSTATE_SLACK_BOT_TOKEN, or REINSTATE_SLACK_BOT_TOKEN_FILE to the path of a file that holds it.
      REINSTATE_SLACK_SIGNING_SECRET: this secret is needed and not set. Set REINSTATE_SLACK_SIGNING_SECRET, or REINSTATE_SLACK_SIGNING_SECRET_FILE to the path of a file that holds it.
      approvals.disruptive: 1 approver(s) are asked for, but access.approver has 0. Add people to access.approver, or set approvals.disruptive = "never".
      approvals.destructive: 1 approver(s) are asked for, but access.approver has 0. Add people to access.approver, or set approvals.destructive = "never".
    "#);
    page
}

/// Without the days of the present.
fn undated(text: &str) -> String {
    let is_day = |word: &&str| word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
    let days: Vec<&str> = text.split_whitespace().filter(is_day).collect();
    days.iter().fold(text.to_owned(), |text, day| text.replace(day, "(day)"))
}

/// The minimum settings of `check`. It makes no call for a text that is not a name.
const UPSTREAM: &[(&str, &str)] = &[
    ("REINSTATE_ATLASSIAN__ORG_ID", "9a1jj823-0000-4000-8000-000000000001"),
    ("REINSTATE_ATLASSIAN_ORG_KEY", "key"),
    ("REINSTATE_ENTRA__TENANT_ID", "0f0e0000-0000-4000-8000-000000000001"),
    ("REINSTATE_ENTRA__CLIENT_ID", "c11e0000-0000-4000-8000-000000000001"),
    ("REINSTATE_ENTRA__SERVICE_PRINCIPAL_ID", "5e510000-0000-4000-8000-000000000001"),
    ("REINSTATE_ENTRA_CLIENT_SECRET", "secret"),
];
