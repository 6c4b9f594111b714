//! The command line: the commands and their arguments. It parses arguments into a [`Command`] or returns a helpful
//! error. It must not run anything, read the environment, or print anything itself.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tracing::Level;
use url::Url;

use crate::slack::run_ref::RunRef;

/// The exit codes of the program. Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or everything is healthy.
    Healthy,
    /// The command failed.
    Error,
    /// At least one finding is blocking.
    Blocking,
    /// No answer is possible, because something required could not be read.
    CannotTell,
    /// The arguments were not understood.
    Usage,
    /// The configuration is wrong.
    Config,
}

impl Exit {
    /// The exit code. 64 and 78 are those of BSD's `sysexits.h`.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Healthy => 0,
            Exit::Error => 1,
            Exit::Blocking => 2,
            Exit::CannotTell => 3,
            Exit::Usage => 64,
            Exit::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Finds out why a managed Atlassian account has no access, and repairs it from Slack.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "reinstate",
    version,
    subcommand_required = true,
    // Repairs need a person whom Slack has authenticated. The help says so, because people look for the command here.
    after_help = "Try it without credentials: reinstate sandbox --play email-held\n\
                  The command line diagnoses. Repairs are asked for and approved in Slack: /reinstate repair WHO"
)]
pub struct Cli {
    /// The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the bot
    Serve,
    /// Try the bot against a simulated Slack, Atlassian and Entra: no credentials needed
    #[cfg(feature = "sandbox")]
    Sandbox {
        /// Play one story from beginning to end, then stop
        #[arg(long, value_name = "SCENARIO", conflicts_with = "list")]
        play: Option<String>,
        /// List the stories
        #[arg(long)]
        list: bool,
        /// Begin with the tenant of an evidence bundle, to rehearse a repair
        #[arg(long, value_name = "BUNDLE", conflicts_with_all = ["play", "list"])]
        from: Option<PathBuf>,
    },
    /// Find out why a person has no access; reads only
    Check {
        /// An e-mail address or an Atlassian account id
        #[arg(value_parser = who)]
        who: String,
        /// One app: any unambiguous part of its key or of its site's name, such as confluence
        #[arg(long, value_name = "APP", value_parser = app)]
        app: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Also write the evidence to a file, with pseudonyms for names, addresses and ids
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
    /// Diagnose the evidence in a file that `check --bundle` wrote; needs no network and no configuration
    Replay {
        /// The file
        file: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Diagnose every managed account; reads only
    Sweep {
        /// Print one JSON object a line
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// Write a table for a spreadsheet
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Test the configuration, the credentials and their permissions
    Doctor {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// What repairs achieved, from the journal and without names; reads only
    Report {
        /// Runs from this time on: a number of days like 30d, a day, or a time
        #[arg(long, value_name = "T", default_value = "30d", value_parser = since)]
        since: Since,
        /// Print one JSON object
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// Write a table for a spreadsheet
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Verify or export the journal
    #[command(subcommand)]
    Audit(Audit),
    /// Look after runs that nothing else can end
    #[command(subcommand)]
    Runs(Runs),
    /// Print the Slack app manifest
    Manifest {
        /// Where Slack reaches this bot, without /slack/events, which is added
        #[arg(long, value_name = "URL", value_parser = base_url, required_unless_present = "socket")]
        url: Option<Url>,
        /// For socket mode: Slack needs no URL
        #[arg(long)]
        socket: bool,
    },
    /// Create or update the database; `serve` does so by itself
    Migrate,
    /// Ask the running bot on this machine whether it is alive; for health checks of containers
    Health,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// The log level that applies if `RUST_LOG` is not set.
    #[must_use]
    pub fn log_level(&self) -> Level {
        match self {
            // The terminal shows the scenario, so only errors are logged.
            #[cfg(feature = "sandbox")]
            Command::Sandbox { .. } => Level::ERROR,
            _ => Level::INFO,
        }
    }
}

/// The time from which a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// This many days ago.
    Days(u16),
    Time(Timestamp),
}

/// What to do with runs.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Runs {
    /// End a run whose journal cannot be read, and give back what it has claimed
    Release {
        /// The id of the run, or at least 4 characters from its beginning or end
        #[arg(value_name = "RUN", value_parser = run_ref)]
        run: RunRef,
    },
}

/// What to do with the journal.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Audit {
    /// Recompute the hash chain of the whole journal
    Verify {
        /// A head that was kept elsewhere (any final card shows one); it must still be part of the chain
        #[arg(long, value_name = "H")]
        head: Option<String>,
    },
    /// Print the journal
    Export {
        /// One JSON object a line, or a table for a spreadsheet
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
        /// Only entries from this time on, like 2026-11-01 or 2026-11-01T08:00:00Z
        #[arg(long, value_name = "T", value_parser = time)]
        since: Option<Timestamp>,
    },
}

/// What `audit export` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line.
    Jsonl,
    /// A table for a spreadsheet.
    Csv,
}

/// The program ends without running a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The text to print.
    pub text: String,
    /// The exit code. Requested help is [`Exit::Healthy`] and is printed to standard output; everything else is
    /// printed to standard error.
    pub exit: Exit,
}

/// Parses the arguments, the first of which is the program's name.
///
/// # Errors
/// The requested help or version, or what was not understood, with the nearest correct form.
pub fn parse<I, T>(args: I) -> Result<Cli, Ending>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    Cli::try_parse_from(args).map_err(|e| Ending {
        exit: if e.use_stderr() { Exit::Usage } else { Exit::Healthy },
        text: e.render().to_string(),
    })
}

fn who(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("give an e-mail address or an Atlassian account id".to_owned());
    }
    Ok(text.to_owned())
}

fn app(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("give a part of the name of an app, such as confluence".to_owned());
    }
    Ok(text.to_owned())
}

fn run_ref(text: &str) -> Result<RunRef, &'static str> {
    RunRef::parse(text.trim()).ok_or("give the id of a run, as its card shows it")
}

fn base_url(text: &str) -> Result<Url, String> {
    crate::config::base_url(text).map_err(|(reason, fix)| format!("{reason}. {fix}"))
}

fn since(text: &str) -> Result<Since, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| *days > 0);
    days.map(Since::Days)
        .or_else(|| time(text).ok().map(Since::Time))
        .ok_or_else(|| "write a number of days like 30d, a day like 2026-11-01, or a time".to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    // A date without a time would otherwise be refused, and auditors usually have a date.
    text.parse::<Timestamp>()
        .ok()
        .or_else(day)
        .ok_or_else(|| "write a day like 2026-11-01 or a time like 2026-11-01T08:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        parse(line.split(' ')).unwrap().command
    }

    fn ending(line: &str) -> Ending {
        parse(line.split(' ')).unwrap_err()
    }

    #[test]
    fn definitions_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_is_understood() {
        let check = |json| Command::Check { who: "jane@acme.example".into(), app: None, json, bundle: None };
        let about = Command::Check {
            who: "jane@acme.example".into(),
            app: Some("wiki".into()),
            json: false,
            bundle: None,
        };
        assert_eq!(command("reinstate check jane@acme.example --app wiki"), about);
        assert_eq!(ending("reinstate check jane@acme.example --app ").exit, Exit::Usage);
        assert_eq!(command("reinstate serve"), Command::Serve);
        assert_eq!(command("reinstate migrate"), Command::Migrate);
        #[cfg(feature = "sandbox")]
        {
            let sandbox = |play: Option<&str>, list, from: Option<&str>| Command::Sandbox {
                play: play.map(str::to_owned),
                list,
                from: from.map(Into::into),
            };
            assert_eq!(command("reinstate sandbox"), sandbox(None, false, None));
            assert_eq!(command("reinstate sandbox --list"), sandbox(None, true, None));
            assert_eq!(
                command("reinstate sandbox --play email-held"),
                sandbox(Some("email-held"), false, None)
            );
            assert_eq!(command("reinstate sandbox --from a.json"), sandbox(None, false, Some("a.json")));
            assert_eq!(ending("reinstate sandbox --from a.json --list").exit, Exit::Usage);
        }
        assert_eq!(command("reinstate check jane@acme.example"), check(false));
        assert_eq!(command("reinstate check jane@acme.example --json"), check(true));
        assert_eq!(command("reinstate check --json jane@acme.example"), check(true));
        let bundle = Some("case.json".into());
        let writing = Command::Check { who: "jane@acme.example".into(), app: None, json: false, bundle };
        assert_eq!(command("reinstate check jane@acme.example --bundle case.json"), writing);
        let replay = Command::Replay { file: "case.json".into(), json: true };
        assert_eq!(command("reinstate replay case.json --json"), replay);
        assert_eq!(command("reinstate sweep --json"), Command::Sweep { json: true, csv: None });
        assert_eq!(
            command("reinstate sweep --csv a.csv"),
            Command::Sweep { json: false, csv: Some("a.csv".into()) }
        );
        assert_eq!(command("reinstate doctor --json"), Command::Doctor { json: true });
        assert_eq!(command("reinstate audit verify"), Command::Audit(Audit::Verify { head: None }));
        assert_eq!(
            command("reinstate audit verify --head ab12"),
            Command::Audit(Audit::Verify { head: Some("ab12".into()) })
        );
        let run = "0199c1f0-0000-7000-8000-000000000001";
        let release = Command::Runs(Runs::Release { run: RunRef::parse(run).unwrap() });
        assert_eq!(command(&format!("reinstate runs release {run}")), release);
        let manifest =
            Command::Manifest { url: Some("https://bot.example/x".parse().unwrap()), socket: false };
        assert_eq!(command("reinstate manifest --url https://bot.example/x"), manifest);
        assert_eq!(command("reinstate manifest --socket"), Command::Manifest { url: None, socket: true });
        assert!(matches!(
            command("reinstate manifest --url https://a.example --socket"),
            Command::Manifest { url: Some(_), socket: true }
        ));
    }

    #[test]
    fn export_takes_a_day_or_a_time() {
        let export = |line| match command(line) {
            Command::Audit(Audit::Export { format, since }) => (format, since.map(|t| t.to_string())),
            other => panic!("{other:?}"),
        };
        assert_eq!(export("reinstate audit export"), (ExportFormat::Jsonl, None));
        let day = (ExportFormat::Csv, Some("2026-11-01T00:00:00Z".to_owned()));
        assert_eq!(export("reinstate audit export --format csv --since 2026-11-01"), day);
        let time = (ExportFormat::Jsonl, Some("2026-11-01T07:00:00Z".to_owned()));
        assert_eq!(export("reinstate audit export --since 2026-11-01T08:00:00+01:00"), time);
        assert_eq!(ending("reinstate audit export --since yesterday").exit, Exit::Usage);
    }

    #[test]
    fn a_report_takes_days_a_day_or_a_time() {
        let since = |line| match command(line) {
            Command::Report { since, json: false, csv: None } => since,
            other => panic!("{other:?}"),
        };
        let day = Since::Time("2026-11-01T00:00:00Z".parse().unwrap());
        assert_eq!(since("reinstate report"), Since::Days(30));
        assert_eq!(since("reinstate report --since 7d"), Since::Days(7));
        assert_eq!(since("reinstate report --since 2026-11-01"), day);
        assert_eq!(since("reinstate report --since 2026-11-01T01:00:00+01:00"), day);
        let json = Command::Report { since: Since::Days(30), json: true, csv: None };
        assert_eq!(command("reinstate report --json"), json);
        for bad in ["0d", "d", "-3d", "99999d", "month", "30"] {
            assert_eq!(ending(&format!("reinstate report --since={bad}")).exit, Exit::Usage, "{bad}");
        }
        assert_eq!(ending("reinstate report --json --csv a.csv").exit, Exit::Usage);
    }

    #[test]
    fn config_may_stand_before_or_after_the_command() {
        for line in ["reinstate --config a.toml serve", "reinstate serve --config a.toml"] {
            assert_eq!(parse(line.split(' ')).unwrap().config, Some("a.toml".into()), "{line}");
        }
    }

    #[test]
    fn wrong_usage_is_64_and_help_is_0() {
        for line in [
            "reinstate",
            "reinstate check",
            "reinstate check ",
            "reinstate repair a@b.example",
            "reinstate sweep --json --csv f",
            "reinstate manifest",
            "reinstate manifest --url ftp://a.example",
            "reinstate manifest --url https://a.example?x=1",
            "reinstate audit",
            "reinstate runs",
            "reinstate runs release",
            "reinstate runs release jane@acme.example",
            "reinstate audit export --format xml",
            "reinstate serve --nonsense",
        ] {
            assert_eq!(ending(line).exit.code(), 64, "{line}: {}", ending(line).text);
        }
        for line in ["reinstate --help", "reinstate help", "reinstate check --help", "reinstate --version"] {
            assert_eq!(ending(line).exit.code(), 0, "{line}");
        }
    }

    #[test]
    fn a_wrong_command_names_the_nearest() {
        let text = ending("reinstate chek jane@acme.example").text;
        assert!(text.contains("similar subcommand exists: 'check'"), "{text}");
    }

    #[test]
    fn exit_codes_are_fixed() {
        let all = [Exit::Healthy, Exit::Error, Exit::Blocking, Exit::CannotTell, Exit::Usage, Exit::Config];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 64, 78]);
    }
}
