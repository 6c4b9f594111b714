//! The `reinstate` program: the edge where arguments, environment, TLS and the runtime come from.

use std::process::ExitCode;

use reinstate::{cli, commands, config, telemetry, upstream};
use tracing::Level;

fn main() -> ExitCode {
    upstream::install_tls();
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ending) => {
            if ending.exit == cli::Exit::Healthy {
                print!("{}", ending.text);
            } else {
                eprint!("{}", ending.text);
            }
            return ending.exit.into();
        }
    };
    let format = telemetry::LogFormat::of(std::env::var("REINSTATE_LOG").ok().as_deref());
    // The terminal of the sandbox belongs to its story.
    let level = if matches!(cli.command, cli::Command::Sandbox { .. }) { Level::ERROR } else { Level::INFO };
    telemetry::start_logs(std::env::var("RUST_LOG").ok().as_deref(), level, format).ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The program could not start its threads: {error}.");
            return cli::Exit::Error.into();
        }
    };
    match runtime.block_on(commands::run(cli, config::process_env())) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("Something went wrong: {error:#}.");
            cli::Exit::Error.into()
        }
    }
}
