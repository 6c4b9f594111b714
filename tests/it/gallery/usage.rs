//! What the program prints for `--help`, and when a command is not understood.

use reinstate::cli::args::{self, Exit};

use super::page::{Page, every, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "Terminal: help and usage errors",
        "Help is on standard output, and errors are on standard error with exit code 64.",
    );
    let ending = |line: &str| {
        let text = args::parse(line.split(' ')).unwrap_err().text;
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    shows!(page, "--help", "`reinstate --help`, exit code 0.", ending("reinstate --help"), @"
    Finds out why a managed Atlassian account has no access, and repairs it from Slack

    Usage: reinstate [OPTIONS] <COMMAND>

    Commands:
      serve        Run the bot
      sandbox      Try the bot against a simulated Slack, Atlassian and Entra: no credentials needed
      check        Find out why a person has no access; reads only
      replay       Diagnose the evidence in a file that `check --bundle` wrote; needs no network and no configuration
      sweep        Diagnose every managed account; reads only
      doctor       Test the configuration, the credentials and their permissions
      report       What repairs achieved, from the journal and without names; reads only
      audit        Verify or export the journal
      runs         Look after runs that nothing else can end
      manifest     Print the Slack app manifest
      migrate      Create or update the database; `serve` does so by itself
      health       Ask the running bot on this machine whether it is alive; for health checks of containers
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
      -h, --help           Print help
      -V, --version        Print version

    Try it without credentials: reinstate sandbox --play email-held
    The command line diagnoses. Repairs are asked for and approved in Slack: /reinstate repair WHO
    ");
    shows!(page, "check --help", "Exit code 0.", ending("reinstate check --help"), @"
    Find out why a person has no access; reads only

    Usage: reinstate check [OPTIONS] <WHO>

    Arguments:
      <WHO>  An e-mail address or an Atlassian account id

    Options:
          --app <APP>      One app: any unambiguous part of its key or of its site's name, such as confluence
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --json           Print one JSON object
          --bundle <FILE>  Also write the evidence to a file, with pseudonyms for names, addresses and ids
      -h, --help           Print help
    ");
    shows!(page, "sweep --help", "Exit code 0.", ending("reinstate sweep --help"), @"
    Diagnose every managed account; reads only

    Usage: reinstate sweep [OPTIONS]

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --json           Print one JSON object a line
          --csv <FILE>     Write a table for a spreadsheet
      -h, --help           Print help
    ");
    shows!(page, "doctor --help", "Exit code 0.", ending("reinstate doctor --help"), @"
    Test the configuration, the credentials and their permissions

    Usage: reinstate doctor [OPTIONS]

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --json           Print one JSON object
      -h, --help           Print help
    ");
    shows!(page, "sandbox --help", "Exit code 0.", ending("reinstate sandbox --help"), @"
    Try the bot against a simulated Slack, Atlassian and Entra: no credentials needed

    Usage: reinstate sandbox [OPTIONS]

    Options:
          --config <FILE>    The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --play <SCENARIO>  Play one story from beginning to end, then stop
          --list             List the stories
          --from <BUNDLE>    Begin with the tenant of an evidence bundle, to rehearse a repair
      -h, --help             Print help
    ");
    shows!(page, "report --help", "Exit code 0.", ending("reinstate report --help"), @"
    What repairs achieved, from the journal and without names; reads only

    Usage: reinstate report [OPTIONS]

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --since <T>      Runs from this time on: a number of days like 30d, a day, or a time [default: 30d]
          --json           Print one JSON object
          --csv <FILE>     Write a table for a spreadsheet
      -h, --help           Print help
    ");
    shows!(page, "audit --help", "Exit code 0.", ending("reinstate audit --help"), @"
    Verify or export the journal

    Usage: reinstate audit [OPTIONS] <COMMAND>

    Commands:
      verify  Recompute the hash chain of the whole journal
      export  Print the journal
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
      -h, --help           Print help
    ");
    shows!(page, "audit verify --help", "Exit code 0.", ending("reinstate audit verify --help"), @"
    Recompute the hash chain of the whole journal

    Usage: reinstate audit verify [OPTIONS]

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --head <H>       A head that was kept elsewhere (any final card shows one); it must still be part of the chain
      -h, --help           Print help
    ");
    shows!(page, "audit export --help", "Exit code 0.", ending("reinstate audit export --help"), @"
    Print the journal

    Usage: reinstate audit export [OPTIONS]

    Options:
          --config <FILE>
              The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml

          --format <FORMAT>
              One JSON object a line, or a table for a spreadsheet

              Possible values:
              - jsonl: One JSON object a line
              - csv:   A table for a spreadsheet

              [default: jsonl]

          --since <T>
              Only entries from this time on, like 2026-11-01 or 2026-11-01T08:00:00Z

      -h, --help
              Print help (see a summary with '-h')
    ");
    shows!(page, "runs --help", "Exit code 0.", ending("reinstate runs --help"), @"
    Look after runs that nothing else can end

    Usage: reinstate runs [OPTIONS] <COMMAND>

    Commands:
      release  End a run whose journal cannot be read, and give back what it has claimed
      help     Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
      -h, --help           Print help
    ");
    shows!(page, "runs release --help", "Exit code 0.", ending("reinstate runs release --help"), @"
    End a run whose journal cannot be read, and give back what it has claimed

    Usage: reinstate runs release [OPTIONS] <RUN>

    Arguments:
      <RUN>  The id of the run, or at least 4 characters from its beginning or end

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
      -h, --help           Print help
    ");
    shows!(page, "manifest --help", "Exit code 0.", ending("reinstate manifest --help"), @"
    Print the Slack app manifest

    Usage: reinstate manifest [OPTIONS]

    Options:
          --config <FILE>  The configuration; else the file that REINSTATE_CONFIG names, else reinstate.toml
          --url <URL>      Where Slack reaches this bot, without /slack/events, which is added
          --socket         For socket mode: Slack needs no URL
      -h, --help           Print help
    ");
    shows!(page, "No command", "`reinstate` prints the help, with exit code 64.", first_line(&ending("reinstate")), @"Finds out why a managed Atlassian account has no access, and repairs it from Slack");
    shows!(page, "A wrong command", "`reinstate chek jane@acme.example`", ending("reinstate chek jane@acme.example"), @"
    error: unrecognized subcommand 'chek'

      tip: a similar subcommand exists: 'check'

    Usage: reinstate [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    shows!(page, "check without WHO", "`reinstate check`", ending("reinstate check"), @"
    error: the following required arguments were not provided:
      <WHO>

    Usage: reinstate check <WHO>

    For more information, try '--help'.
    ");
    shows!(page, "check with an empty WHO", "`reinstate check ''`", ending("reinstate check "), @"
    error: invalid value '' for '<WHO>': give an e-mail address or an Atlassian account id

    For more information, try '--help'.
    ");
    shows!(page, "Two forms of a sweep", "`reinstate sweep --json --csv FILE`", ending("reinstate sweep --json --csv FILE"), @"
    error: the argument '--json' cannot be used with '--csv <FILE>'

    Usage: reinstate sweep --json

    For more information, try '--help'.
    ");
    shows!(page, "runs release without a RUN", "`reinstate runs release jane@acme.example`", ending("reinstate runs release jane@acme.example"), @"
    error: invalid value 'jane@acme.example' for '<RUN>': give the id of a run, as its card shows it

    For more information, try '--help'.
    ");
    shows!(page, "A wrong time", "`reinstate audit export --since yesterday`", ending("reinstate audit export --since yesterday"), @"
    error: invalid value 'yesterday' for '--since <T>': write a day like 2026-11-01 or a time like 2026-11-01T08:00:00Z

    For more information, try '--help'.
    ");
    shows!(page, "A wrong format", "`reinstate audit export --format xml`", ending("reinstate audit export --format xml"), @"
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: jsonl, csv]

    For more information, try '--help'.
    ");
    shows!(page, "manifest without an address", "`reinstate manifest`", ending("reinstate manifest"), @"
    error: the following required arguments were not provided:
      --url <URL>

    Usage: reinstate manifest --url <URL>

    For more information, try '--help'.
    ");
    shows!(page, "manifest with a wrong address", "`reinstate manifest --url ftp://a.example`", ending("reinstate manifest --url ftp://a.example"), @"
    error: invalid value 'ftp://a.example' for '--url <URL>': the URL must begin with http:// or https://. Write it like https://host or https://host/path

    For more information, try '--help'.
    ");
    let codes = [Exit::Healthy, Exit::Error, Exit::Blocking, Exit::CannotTell, Exit::Usage, Exit::Config];
    assert_eq!(every!(Exit: Healthy, Error, Blocking, CannotTell, Usage, Config).len(), codes.len());
    let codes = codes.map(|exit| format!("{} {exit:?}", exit.code()));
    shows!(page, "Exit codes", "Scripts rely on the numbers.", codes.join("\n"), @"
    0 Healthy
    1 Error
    2 Blocking
    3 CannotTell
    64 Usage
    78 Config
    ");
    page
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
