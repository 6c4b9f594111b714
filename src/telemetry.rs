//! Logs and metrics. Logs go to standard error only, because standard output holds the answer of a command. This
//! module must never receive a secret, and it opens no port: the HTTP server serves `/metrics`. Text from other
//! people or services must never start a new log line or move the cursor of a terminal.

use std::io::{IsTerminal, Write};

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for a person, with colours on a terminal.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// Reads the value of `REINSTATE_LOG`: `json` means JSON, anything else means text.
    #[must_use]
    pub fn of(value: Option<&str>) -> Self {
        match value {
            Some(v) if v.trim().eq_ignore_ascii_case("json") => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }
}

/// Starts logging. `filter` is the value of `RUST_LOG`; if it is absent or invalid, `default` applies.
///
/// # Errors
/// When logging was already started.
pub fn start_logs(filter: Option<&str>, default: Level, format: LogFormat) -> Result<(), TryInitError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter_of(filter, default))
        .with_writer(|| OneLine(std::io::stderr()))
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).finish().try_init(),
    }
}

/// The span of a run. Many parts of the program log about the same run: commands, the executor, clicks and cards. The
/// span puts the run's id into all of their lines.
#[must_use]
pub fn run_span(run: &str) -> tracing::Span {
    tracing::info_span!("run", run)
}

/// Writes each event on one line, and escapes every character that could forge another line or hide part of this one.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    /// Receives one whole event, because the subscriber writes each event in one call.
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        // A failed write is ignored. The subscriber would report the error on the same standard error, which would
        // panic and end the task that logged.
        self.0.write_all(one_line(&String::from_utf8_lossy(event)).as_bytes()).ok();
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn one_line(event: &str) -> String {
    let (line, end) = event.strip_suffix('\n').map_or((event, ""), |line| (line, "\n"));
    let mut text = String::with_capacity(event.len());
    for (at, c) in line.char_indices() {
        match c {
            '\t' => text.push(c),
            // Keeps the subscriber's own colours. Colours inside a field pass too, but they hide nothing.
            '\u{1b}' if line.get(at..).is_some_and(is_colour) => text.push(c),
            c if c.is_control() || turns_round(c) => text.extend(c.escape_default()),
            c => text.push(c),
        }
    }
    text.push_str(end);
    text
}

/// Plain, bold, dim, italic, or a foreground colour.
fn is_colour(rest: &str) -> bool {
    let code = rest.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m')).map(|(code, _)| code);
    code.is_some_and(|code| matches!(code.as_bytes(), [b'0'..=b'3'] | [b'3', b'1'..=b'6']))
}

/// Separators that some viewers treat as line breaks, and marks that reverse the reading direction.
fn turns_round(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn filter_of(value: Option<&str>, default: Level) -> EnvFilter {
    value
        .filter(|v| !v.trim().is_empty())
        .and_then(|v| EnvFilter::try_new(v).ok())
        .unwrap_or_else(|| EnvFilter::new(default.as_str()))
}

/// The recorder behind `/metrics`.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder of this process.
    ///
    /// # Errors
    /// When the process already has a recorder.
    pub fn install() -> Result<Self, BuildError> {
        Ok(Metrics { handle: builder()?.install_recorder()? })
    }

    /// The metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Compacts the samples of histograms; without this they grow forever. Call it every few seconds.
    pub fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// The buckets are fixed, because quantiles of several replicas cannot be added.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets(&[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_name() {
        assert_eq!(LogFormat::of(Some("json")), LogFormat::Json);
        assert_eq!(LogFormat::of(Some("text")), LogFormat::Text);
        assert_eq!(LogFormat::of(None), LogFormat::Text);
    }

    #[test]
    fn filter_falls_back_to_the_default_of_the_command() {
        for (default, shown) in [(Level::INFO, "info"), (Level::ERROR, "error")] {
            for unreadable in [None, Some(""), Some("a=b=c")] {
                assert_eq!(filter_of(unreadable, default).to_string(), shown);
            }
            assert_eq!(filter_of(Some("reinstate=debug"), default).to_string(), "reinstate=debug");
        }
    }

    /// What the subscriber writes for an event that contains this name.
    fn logged(name: &str, ansi: bool) -> String {
        use std::sync::{Arc, Mutex};
        #[derive(Clone, Default)]
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let kept = Kept::default();
        let to = kept.clone();
        let lines = tracing_subscriber::fmt()
            .with_writer(move || OneLine(to.clone()))
            .with_ansi(ansi)
            .without_time()
            .finish();
        tracing::subscriber::with_default(lines, || tracing::warn!(%name, "hello {name}"));
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_name_cannot_forge_a_line_or_move_the_cursor() {
        let hostile = "a\nWARN forged\r\u{1b}[8m\u{1b}[2J\u{9b}2J\u{202e}b\0\u{2028}c";
        for ansi in [false, true] {
            let text = logged(hostile, ansi);
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            assert!(text.ends_with('\n'), "{text:?}");
            for bad in ["\r", "\u{1b}[2J", "\u{1b}[8m", "\u{9b}", "\u{202e}", "\0", "\u{2028}"] {
                assert!(!text.contains(bad), "{bad:?} in {text:?}");
            }
            assert!(text.contains("hello a\\nWARN"), "{text:?}");
        }
        assert!(!logged("plain", false).contains('\u{1b}'));
    }

    #[test]
    fn a_log_that_nobody_takes_any_more_stops_nothing() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        assert_eq!(OneLine(Closed).write(b"a line\n").unwrap(), 7);
    }

    #[test]
    fn render_shows_what_was_recorded() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics { handle: recorder.handle() };
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("reinstate_runs_total").increment(2);
            metrics::histogram!("reinstate_diagnosis_seconds").record(0.2);
        });
        metrics.run_upkeep();
        let text = metrics.render();
        assert!(text.contains("reinstate_runs_total 2"), "{text}");
        assert!(text.contains("reinstate_diagnosis_seconds_bucket{le=\"0.25\"} 1"), "{text}");
    }
}
