//! Runs a scenario file and prints what it found: `cargo run --release -p simscale --example run_file -- FILE`.

use simscale::Scenario;
use simscale::summary::Summary;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("name a scenario file")?;
    let scenario = Scenario::read(&file, &std::fs::read_to_string(&file)?, &[])?;
    for line in scenario.arithmetic(None) {
        println!("{}", line.sentence);
    }
    let started = std::time::Instant::now();
    let result = scenario.simulation(None, None)?.run(&mut ())?;
    println!("{:?}", started.elapsed());
    println!("{:#?}", Summary::new(&scenario, &result));
    Ok(())
}
