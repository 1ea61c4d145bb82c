//! The program: parses the command line, listens for Ctrl-C and SIGTERM, turns failures into messages and exit codes.

use clap::Parser;
use simscale_runner::commands::{Cli, execute};
use simscale_runner::failure::Code;
use simscale_runner::record::Console;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// SIGTERM ends a run as Ctrl-C does: a scheduler that takes the machine back loses nothing that was there before.
#[cfg(unix)]
fn listen_for_termination(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    use signal_hook::{consts::SIGTERM, flag};
    // In this order: the second one finds the flag set and does not wait.
    flag::register_conditional_shutdown(SIGTERM, Code::Stopped as i32, Arc::clone(stop))?;
    flag::register(SIGTERM, Arc::clone(stop)).map(|_| ())
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let stop = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first press lets the runs end cleanly; a second one does not wait.
        if pressed.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    #[cfg(unix)]
    listen_for_termination(&stop)?;
    let mut code = execute(cli, &stop).unwrap_or_else(|failure| {
        Console::talk(&failure.message);
        failure.code
    });
    if let Some(error) = Console::lost() {
        Console::talk(&format!("cannot write to standard output: {error}"));
        code = code.max(Code::Input);
    }
    Ok(ExitCode::from(code as u8))
}
