//! The scenario that `simscale init` writes: commented, and runs as it is.

use super::Scenario;

/// The commented starter scenario under this name.
pub fn starter(name: &str) -> String {
    include_str!("starter.toml").replacen("name = \"starter\"", &format!("name = {:?}", name), 1)
}

impl Scenario {
    /// The starter scenario as a value: a small web service on m5.large with target tracking, to change from there.
    pub fn starter() -> Scenario {
        Scenario::read("starter.toml", &starter("starter"), &[])
            .expect("the starter scenario is tested to be valid")
    }
}
