//! `simscale init`: a commented scenario that runs as it is.

use crate::failure::{Code, Failure};
use crate::output::write_whole;
use crate::record::Console;
use simscale::Scenario;
use simscale::scenario::starter;
use std::path::Path;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  simscale init shop && simscale run shop.toml")]
pub struct Args {
    /// Name of the scenario; the file gets it with .toml.
    #[arg(default_value = "scenario")]
    name: String,
}

pub fn init(args: &Args) -> Result<Code, Failure> {
    let path = Path::new(&args.name).with_extension("toml");
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = args.name.strip_suffix(".toml").unwrap_or(&args.name);
    if !named.ends_with(&stem) {
        return Err(Failure::input(format!("{named} has a dot in its name; write {named}.toml")));
    }
    let text = starter(&stem);
    let shown = path.display();
    if let Err(mistakes) = Scenario::read(&shown.to_string(), &text, &[]) {
        return Err(Failure::input(mistakes.render(true)));
    }
    if path.exists() {
        return Err(Failure::input(format!(
            "{shown} is there already; choose another name, or move it away"
        )));
    }
    write_whole(&path, &text)?;
    Console::data(&format!("wrote {shown}\nnext: simscale check {shown}, then simscale run {shown}\n"));
    Console::talk("for completion in editors: simscale schema > simscale.schema.json");
    Ok(Code::Done)
}
