//! Logs and metrics. Logs go to standard error only, because standard output belongs to the answer of a command.
//! This module must never be given a secret, and opens no port of its own: `/metrics` is served by our server.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person; with colours on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// `json` is JSON (the value of `REINSTATE_LOG`); anything else is text.
    #[must_use]
    pub fn of(value: Option<&str>) -> Self {
        match value {
            Some(v) if v.trim().eq_ignore_ascii_case("json") => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }
}

/// Begins to log. `filter` is the value of `RUST_LOG`; without one, or with one that cannot be read, `info`.
///
/// # Errors
/// Somebody has begun already.
pub fn start_logs(filter: Option<&str>, format: LogFormat) -> Result<(), TryInitError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter_of(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).finish().try_init(),
    }
}

fn filter_of(value: Option<&str>) -> EnvFilter {
    value
        .filter(|v| !v.trim().is_empty())
        .and_then(|v| EnvFilter::try_new(v).ok())
        .unwrap_or_else(|| EnvFilter::new("info"))
}

/// What `/metrics` shows.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Becomes the recorder of this process.
    ///
    /// # Errors
    /// The process has a recorder already.
    pub fn install() -> Result<Self, BuildError> {
        Ok(Metrics { handle: builder()?.install_recorder()? })
    }

    /// The metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what histograms have gathered; without it they grow for ever. To be called every few seconds.
    pub fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Fixed buckets, because quantiles of several replicas cannot be added up.
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
    fn filter_falls_back_to_info() {
        assert_eq!(filter_of(None).to_string(), "info");
        assert_eq!(filter_of(Some("")).to_string(), "info");
        assert_eq!(filter_of(Some("a=b=c")).to_string(), "info");
        assert_eq!(filter_of(Some("reinstate=debug")).to_string(), "reinstate=debug");
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
