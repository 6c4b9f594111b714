//! The generated parts of the reference: configuration keys, ladder, causes and the command line.
//! `REINSTATE_UPDATE_DOCS=1 cargo test --test it generated_docs` writes them. Without it, a difference is a failure.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::CommandFactory as _;
use reinstate::cli::args::Cli;
use reinstate_core::op::ResetScope;
use reinstate_core::subject::RecordId;
use reinstate_core::{Cause, Op, Risk};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares the text between `<!-- name -->` and `<!-- end of name -->` on a page with the text made by the program.
fn holds(page: &str, name: &str, made: &str) {
    let text = std::fs::read_to_string(path(page)).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has no {begin}"));
    let (found, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has no {end}"));
    if std::env::var_os("REINSTATE_UPDATE_DOCS").is_some() {
        std::fs::write(path(page), format!("{head}{begin}{made}{end}{tail}")).unwrap();
        return;
    }
    assert_eq!(found, made, "{page}: REINSTATE_UPDATE_DOCS=1 cargo test --test it generated_docs");
}

/// A key of the example with its value. A key without a default that is right for everybody is shown as a comment.
fn shown_key(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    line.split_once(" = ").filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn the_keys_of_the_configuration() {
    let made = reinstate::config::reference();
    holds("docs/reference/configuration.md", "keys", &made);
    // The example explains every key of the table, in the comment right above the key.
    let example = std::fs::read_to_string(path("deploy/reinstate.example.toml")).unwrap();
    let (mut section, mut explained, mut wrong) = ("", false, Vec::new());
    let mut keys = BTreeSet::new();
    for line in example.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((name, _)) = shown_key(line) {
            keys.insert(format!("`{section}.{name}`"));
            // One comment may explain several keys that follow each other.
            if !explained {
                wrong.push(format!("{section}.{name}"));
            }
            continue;
        }
        explained = line.starts_with('#');
    }
    assert_eq!(wrong, Vec::<String>::new(), "not explained in the example");
    let documented: BTreeSet<String> =
        made.lines().skip(2).map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect();
    assert_eq!(keys, documented);
}

/// One op of each kind, in the order of the ladder: the first one, and the one after each. A new kind does not compile
/// until it has its place here.
fn next_kind(op: Option<&Op>) -> Option<Op> {
    let account = || "account".to_owned();
    let record = || RecordId { directory: "directory".into(), record: "record".into() };
    let (person, job) = ("person".to_owned(), "job".to_owned());
    let (from, to) = ("old@acme.example".to_owned(), "new@acme.example".to_owned());
    Some(match op {
        None => Op::ProvisionUser { person, account: None, email: to },
        Some(Op::ProvisionUser { .. }) => Op::ProvisionMembership {
            person,
            group: "group".into(),
            group_name: "group".into(),
            account: None,
        },
        Some(Op::ProvisionMembership { .. }) => Op::RestoreAccess { account: account(), directory: None },
        Some(Op::RestoreAccess { .. }) => Op::SuspendAccess { account: account(), directory: None },
        Some(Op::SuspendAccess { .. }) => Op::ActivateAccount { account: account() },
        Some(Op::ActivateAccount { .. }) => Op::CancelDeletion { account: account() },
        Some(Op::CancelDeletion { .. }) => Op::UnlinkRecord { record: record(), account: account() },
        Some(Op::UnlinkRecord { .. }) => Op::DeleteRecord { record: record() },
        Some(Op::DeleteRecord { .. }) => {
            Op::ForgetAccountRecords { account: account(), records: vec![record()] }
        }
        Some(Op::ForgetAccountRecords { .. }) => Op::StartProvisioning { job },
        Some(Op::StartProvisioning { .. }) => Op::RestartProvisioning { job, scope: ResetScope::Usual },
        Some(Op::RestartProvisioning { .. }) => Op::ParkEmail { account: account(), from, to },
        Some(Op::ParkEmail { .. }) => Op::ReturnEmail { account: account(), from, to },
        Some(Op::ReturnEmail { .. }) => Op::DeactivateAccount { account: account() },
        Some(Op::DeactivateAccount { .. }) => Op::ScheduleDeletion { account: account() },
        Some(Op::ScheduleDeletion { .. }) => return None,
    })
}

#[test]
fn the_ladder() {
    let ops: Vec<Op> = std::iter::successors(next_kind(None), |op| next_kind(Some(op))).collect();
    assert!(ops.is_sorted_by_key(Op::rung), "the table follows the rungs");
    let yes = |is: bool| if is { "yes" } else { "" };
    let mut made = String::from(
        "| rung | step | risk | approval by default | one-shot | daily cap | whole tenant | undo |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for op in &ops {
        let approval = if op.risk() >= Risk::Disruptive { "one approver" } else { "none" };
        writeln!(
            made,
            "| {} | `{}` | {} | {approval} | {} | {} | {} | {} |",
            op.rung(),
            op.action(),
            op.risk().word(),
            yes(op.is_one_shot()),
            yes(op.is_capped()),
            yes(op.is_tenant_wide()),
            op.undo().message(),
        )
        .unwrap();
    }
    holds("docs/reference/ladder.md", "ladder", &made.replace("|  |", "| |").replace("|  |", "| |"));
}

#[test]
fn the_causes() {
    let mut made = String::from("| code | meaning | blocks access by itself |\n|---|---|---|\n");
    for cause in Cause::ALL {
        let (code, blocks) = (cause.code(), if cause.blocks() { "yes" } else { "no: advice" });
        writeln!(made, "| [`{code}`](../causes/{code}.md) | {} | {blocks} |", cause.title()).unwrap();
    }
    holds("docs/reference/causes.md", "causes", &made);
}

/// The help of a command and of its subcommands, each under its own heading.
fn help_of(command: &mut clap::Command, name: &str, made: &mut String) {
    let help = command.render_long_help().to_string();
    // clap pads its columns with blanks at the end of a line.
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    writeln!(made, "\n### {name}\n\n```text\n{}\n```", lines.join("\n")).unwrap();
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let name = format!("{name} {}", below.get_name());
        help_of(below, &name, made);
    }
}

#[test]
fn the_command_line() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut made = String::new();
    help_of(&mut command, "reinstate", &mut made);
    holds("docs/reference/cli.md", "cli", &format!("{made}\n"));
}

/// The bold phrases of a page that are buttons: after *press* or *click*, and at the start of a row of a table.
fn buttons_named(page: &str) -> Vec<&str> {
    let mut all = Vec::new();
    for line in page.lines() {
        let mut parts = line.split("**");
        let mut before = parts.next().unwrap_or_default();
        let is_row = line.starts_with("| **");
        while let (Some(bold), Some(after)) = (parts.next(), parts.next()) {
            let asks = before.trim_end().rsplit(' ').next().unwrap_or_default();
            let is_asked = ["press", "Press", "click", "Click"].contains(&asks);
            let in_first_cell = is_row && !line.split(bold).next().unwrap_or_default()[1..].contains('|');
            if is_asked || in_first_cell {
                all.push(bold);
            }
            before = after;
        }
    }
    all
}

#[test]
fn every_button_that_a_page_names_exists() {
    let mut sources = String::new();
    let mut folders = vec![path("src/slack")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let roles = std::fs::read_dir(path("docs/how-to/roles")).unwrap().map(|entry| entry.unwrap().path());
    let others = ["docs/tutorial/first-repair.md", "docs/reference/commands.md"].map(path);
    let (mut named, mut missing) = (0, Vec::new());
    for page in roles.chain(others) {
        let text = std::fs::read_to_string(&page).unwrap();
        let buttons = buttons_named(&text);
        named += buttons.len();
        let unknown = buttons.iter().filter(|button| !sources.contains(&format!("\"{button}\"")));
        missing.extend(unknown.map(|button| format!("{}: {button}", page.display())));
    }
    assert!(named > 20, "{named} buttons");
    assert_eq!(missing, Vec::<String>::new());
}
