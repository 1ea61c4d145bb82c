//! The program: parses the command line, listens for Ctrl-C, turns failures into messages and exit codes.

use clap::Parser;
use simscale_runner::commands::{Cli, execute};
use simscale_runner::record::Console;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    let code = execute(cli, &stop).unwrap_or_else(|failure| {
        Console::talk(&failure.message);
        failure.code
    });
    Ok(ExitCode::from(code as u8))
}
