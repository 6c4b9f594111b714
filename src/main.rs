//! The `reinstate` program. It reads the arguments and the environment, installs TLS and starts the runtime.

use std::process::ExitCode;

use reinstate::cli::{self, args};
use reinstate::{config, telemetry, upstream};

fn main() -> ExitCode {
    upstream::install_tls();
    let cli = match args::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ending) => {
            if ending.exit == args::Exit::Healthy {
                cli::out::print(format_args!("{}", ending.text));
            } else {
                eprint!("{}", ending.text);
            }
            return ending.exit.into();
        }
    };
    let format = telemetry::LogFormat::of(std::env::var("REINSTATE_LOG").ok().as_deref());
    telemetry::start_logs(std::env::var("RUST_LOG").ok().as_deref(), cli.command.log_level(), format).ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The program could not start its threads: {error}.");
            return args::Exit::Error.into();
        }
    };
    match runtime.block_on(cli::run(cli, config::process_env())) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("Something went wrong: {error:#}.");
            args::Exit::Error.into()
        }
    }
}
