//! The grammar of `/reinstate`: turns text into a command, or into the reason and the nearest correct form. Pure. It
//! must never guess WHO, and must never repeat typed text without the markup encoder.

use super::run_ref::RunRef;
use reinstate_core::Who;

/// The person a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address or an account id.
    Who(Who),
    /// A Slack user id. The address of this person has to be looked up.
    Mention(String),
}

impl Target {
    /// Parses WHO: an address (also as Slack's `mailto` link), a mention, or an account id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = bare(text);
        if let Some(inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            if inner.contains(['<', '>']) {
                return None;
            }
            if let Some(user) = inner.strip_prefix('@') {
                let id = user.split('|').next().unwrap_or_default();
                let plain = id.starts_with(['U', 'W'])
                    && (2..=32).contains(&id.len())
                    && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
                return plain.then(|| Self::Mention(id.to_owned()));
            }
            let link = inner.strip_prefix("mailto:")?;
            let address = link.split('|').next().unwrap_or_default();
            return Who::parse(bare(address)).ok().map(Self::Who);
        }
        Who::parse(text).ok().map(Self::Who)
    }

    /// The text that is stored. [`Self::parse`] reads it again.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Who(who) => who.text().to_owned(),
            Self::Mention(id) => format!("<@{id}>"),
        }
    }
}

/// Removes the quotes and dots that people put around a name. Text without them stays unchanged, so a stored name is
/// parsed to the same value.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*' | ',' | '.'))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `check WHO [APP]`
    Check(Target, Option<String>),
    /// `repair WHO`
    Repair(Target),
    /// `sweep`
    Sweep,
    /// `status [RUN]`
    Status(Option<RunRef>),
    /// `history WHO`
    History(Target),
    /// `history RUN`
    HistoryOf(RunRef),
    /// `report`
    Report,
    /// `cancel RUN`
    Cancel(RunRef),
    /// `undo RUN`
    Undo(RunRef),
    /// `me`
    Me,
    /// `whoami`
    Whoami,
    /// `help`
    Help,
}

/// Text that is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The reason, in one fixed line.
    pub reason: &'static str,
    /// The nearest correct form.
    pub form: &'static str,
}

/// No name of an app or a site is longer.
const MAX_APP_CHARACTERS: usize = 200;

/// Each command with its correct form.
const FORMS: &[(&str, &str)] = &[
    ("check", "/reinstate check WHO [APP]"),
    ("repair", "/reinstate repair WHO"),
    ("sweep", "/reinstate sweep"),
    ("status", "/reinstate status"),
    ("history", "/reinstate history WHO"),
    ("report", "/reinstate report"),
    ("cancel", "/reinstate cancel RUN"),
    ("undo", "/reinstate undo RUN"),
    ("me", "/reinstate me"),
    ("whoami", "/reinstate whoami"),
    ("help", "/reinstate help"),
];

fn form(verb: &str) -> &'static str {
    FORMS.iter().find(|(known, _)| *known == verb).map_or("/reinstate help", |(_, form)| form)
}

/// Parses the text of a command.
///
/// # Errors
/// [`ParseError`], with the nearest correct form.
pub fn parse(text: &str) -> Result<Command, ParseError> {
    let text = tidy(text);
    let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let (verb, rest) = (verb.to_lowercase(), rest.trim());
    let target = |reason| Target::parse(rest).ok_or(ParseError { reason, form: form(&verb) });
    let alone = |command: Command| {
        let reason = "This command takes nothing after it.";
        if rest.is_empty() { Ok(command) } else { Err(ParseError { reason, form: form(&verb) }) }
    };
    let who = if rest.is_empty() {
        "Whom? WHO is an e-mail address, a mention or an Atlassian account id."
    } else {
        "WHO is one e-mail address, one mention or one Atlassian account id."
    };
    let run = || {
        RunRef::parse(rest).ok_or(ParseError {
            reason: "RUN is the id on the card of a run or a sweep, or its first or last 4 characters or more.",
            form: form(&verb),
        })
    };
    match verb.as_str() {
        "" | "help" | "?" => Ok(Command::Help),
        "check" => match check(rest) {
            Some((target, app)) => Ok(Command::Check(target, app)),
            None => target(who).map(|target| Command::Check(target, None)),
        },
        "repair" => target(who).map(Command::Repair),
        "history" => match (Target::parse(rest), RunRef::parse(rest)) {
            (None, Some(run)) => Ok(Command::HistoryOf(run)),
            _ => target(who).map(Command::History),
        },
        "sweep" => alone(Command::Sweep),
        "report" => alone(Command::Report),
        "me" => alone(Command::Me),
        "whoami" => alone(Command::Whoami),
        "status" if rest.is_empty() => Ok(Command::Status(None)),
        "status" => run().map(|id| Command::Status(Some(id))),
        "cancel" => run().map(Command::Cancel),
        "undo" => run().map(Command::Undo),
        _ if Target::parse(&text).is_some() => {
            Err(ParseError { reason: "What shall be done? A name alone is no command.", form: form("check") })
        }
        other => Err(ParseError { reason: "There is no such command.", form: nearest(other) }),
    }
}

/// WHO, and after it APP: a part of the name of an app or of its site.
fn check(rest: &str) -> Option<(Target, Option<String>)> {
    if let Some(target) = Target::parse(rest) {
        return Some((target, None));
    }
    let (who, app) = rest.split_once(' ')?;
    let app = bare(app);
    // A second name or a broken mention is not an app.
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | '(' | ')');
    let fits = !app.is_empty() && app.chars().count() <= MAX_APP_CHARACTERS && app.chars().all(plain);
    Target::parse(who).filter(|_| fits).map(|target| (target, Some(app.to_owned())))
}

fn nearest(verb: &str) -> &'static str {
    let verb: String = verb.chars().take(40).collect();
    FORMS
        .iter()
        .map(|(known, form)| (strsim::damerau_levenshtein(&verb, known), known.len(), *form))
        // A short word is close to almost any command.
        .filter(|(distance, length, _)| *distance <= (length + 1) / 3)
        .min_by_key(|(distance, _, _)| *distance)
        .map_or("/reinstate help", |(_, _, form)| form)
}

/// Normalizes the text: single spaces, plain quotes, no invisible characters.
fn tidy(text: &str) -> String {
    let plain = text.chars().take(2000).map(|c| match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2039}' | '\u{203a}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{ad}' => '\0',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    let seen: String = plain.filter(|c| !c.is_control()).collect();
    seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Target {
        Target::Who(Who::Email(text.to_owned()))
    }

    #[test]
    fn who_may_be_written_in_every_way_slack_does() {
        let ada = email("ada@acme.example");
        for text in [
            "check ada@acme.example",
            "CHECK  ada@acme.example ",
            "Check\u{a0}ada@acme.example",
            "check <mailto:ada@acme.example|ada@acme.example>",
            "check \u{201c}ada@acme.example\u{201d}",
            "check\t'ada@acme.example'",
            "check a\u{200b}da@acme.example",
            "check ada@acme.example\u{7}",
        ] {
            assert_eq!(parse(text), Ok(Command::Check(ada.clone(), None)), "{text:?}");
        }
        assert_eq!(parse("repair <@U123ABC|ada>"), Ok(Command::Repair(Target::Mention("U123ABC".into()))));
        assert_eq!(parse("repair <@W123ABC>"), Ok(Command::Repair(Target::Mention("W123ABC".into()))));
        let id = "712020:0f1c3c5e-8c5e-4d0e-9d35-2f2a6d1d6a11";
        assert_eq!(
            parse(&format!("check {id}")),
            Ok(Command::Check(Target::Who(Who::Account(id.into())), None))
        );
    }

    #[test]
    fn an_app_may_follow_the_person() {
        let of = |app: &str| Ok(Command::Check(email("ada@acme.example"), Some(app.to_owned())));
        assert_eq!(parse("check ada@acme.example confluence"), of("confluence"));
        assert_eq!(
            parse("check <mailto:ada@acme.example|ada@acme.example>  \u{201c}Jira acme\u{201d}"),
            of("Jira acme")
        );
        let jane = Target::Mention("U1A".into());
        assert_eq!(
            parse("check <@U1A|jane> jira-software"),
            Ok(Command::Check(jane, Some("jira-software".into())))
        );
        for text in
            ["check ada@acme.example <@U1A>", "check ada@acme.example ;", "check ada@acme.example a;b"]
        {
            assert_eq!(parse(text).unwrap_err().form, "/reinstate check WHO [APP]", "{text}");
        }
        assert_eq!(parse("repair ada@acme.example confluence").unwrap_err().form, "/reinstate repair WHO");
    }

    #[test]
    fn a_target_is_read_again_as_it_was_written_down() {
        for target in [email("ada@acme.example"), Target::Mention("U1A".into())] {
            assert_eq!(Target::parse(&target.text()), Some(target));
        }
    }

    #[test]
    fn quotes_around_a_name_never_make_it_another_name_when_it_is_read_again() {
        for text in ["<mailto:'ada@acme.example|x>", "' 'ada@acme.example", "\". ada@acme.example .'"] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target, email("ada@acme.example"), "{text}");
            assert_eq!(Target::parse(&target.text()), Some(target));
        }
    }

    #[test]
    fn what_is_not_understood_names_the_nearest_form() {
        let form = |text: &str| parse(text).unwrap_err().form;
        assert_eq!(form("chek ada@acme.example"), "/reinstate check WHO [APP]");
        assert_eq!(form("repiar ada@acme.example"), "/reinstate repair WHO");
        assert_eq!(form("check"), "/reinstate check WHO [APP]");
        assert_eq!(form("check ada"), "/reinstate check WHO [APP]");
        assert_eq!(form("check ada@acme.example bo@acme.example"), "/reinstate check WHO [APP]");
        assert_eq!(form("check <!channel>"), "/reinstate check WHO [APP]");
        assert_eq!(form("check <@U1> <@U2>"), "/reinstate check WHO [APP]");
        assert_eq!(form("check <@U1|x> y>"), "/reinstate check WHO [APP]");
        assert_eq!(form("ada@acme.example"), "/reinstate check WHO [APP]");
        assert_eq!(form("cancel everything"), "/reinstate cancel RUN");
        assert_eq!(form("sweep now"), "/reinstate sweep");
        assert_eq!(form("reports"), "/reinstate report");
        assert_eq!(form("report 90d"), "/reinstate report");
        assert_eq!(parse("Report"), Ok(Command::Report));
        assert_eq!(form("make coffee"), "/reinstate help");
        assert_eq!(form(&"x".repeat(100_000)), "/reinstate help");
        assert_eq!(parse("  "), Ok(Command::Help));
        let run = || RunRef::parse("8a9b").unwrap();
        assert_eq!(parse("cancel 8A9B"), Ok(Command::Cancel(run())));
        assert_eq!(parse("status …8a9b"), Ok(Command::Status(Some(run()))));
        assert_eq!(parse("history 8a9b"), Ok(Command::HistoryOf(run())));
        assert_eq!(form("history a9b"), "/reinstate history WHO");
        assert_eq!(parse("whoAmI"), Ok(Command::Whoami));
    }
}
