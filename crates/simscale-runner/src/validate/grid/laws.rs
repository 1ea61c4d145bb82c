//! Every law of times that the engine has, as a scenario writes it and as the oracle knows it, with a mean of about a second.

use simscale_oracle::service::ServiceLaw;

/// A law in both languages.
pub(super) struct Law {
    /// How queueing theory abbreviates it.
    pub short: &'static str,
    /// The `[service]` table.
    pub service: String,
    /// As the scenario writes the law alone; empty for a mixture of classes.
    pub text: &'static str,
    /// The same for the oracle.
    pub theory: ServiceLaw,
}

const FIXED: &str = "the parameters are fixed and valid";

fn law(short: &'static str, text: &'static str, theory: simscale_oracle::Result<ServiceLaw>) -> Law {
    Law { short, service: format!("[service]\ncpu_time = {text}\n"), text, theory: theory.expect(FIXED) }
}

/// Exponential.
pub(super) fn exponential() -> Law {
    law("M", "{ exponential = { mean = \"1s\" } }", ServiceLaw::exponential(1.0))
}

/// Constant.
pub(super) fn constant() -> Law {
    law("D", "{ constant = \"1s\" }", ServiceLaw::deterministic(1.0))
}

/// Erlang of four stages.
pub(super) fn erlang() -> Law {
    law("E4", "{ erlang = { mean = \"1s\", stages = 4 } }", ServiceLaw::erlang(4, 1.0))
}

/// Hyperexponential with balanced means, cv 2.
pub(super) fn hyperexponential() -> Law {
    let theory = ServiceLaw::hyperexponential_balanced(1.0, 4.0);
    law("H2", "{ hyperexponential = { mean = \"1s\", cv = 2.0 } }", theory)
}

/// All of them; the last is a mixture of two classes of requests.
pub(super) fn all() -> Vec<Law> {
    let quantiles = [(0.0, 0.2), (0.5, 0.6), (0.9, 1.8), (0.99, 5.0), (1.0, 12.0)];
    let two = ServiceLaw::hyperexponential(0.75, 0.4, 2.8);
    vec![
        exponential(),
        constant(),
        law("U", "{ uniform = { low = \"0.5s\", high = \"1.5s\" } }", ServiceLaw::uniform(0.5, 1.5)),
        erlang(),
        law("G", "{ gamma = { mean = \"1s\", cv = 1.5 } }", ServiceLaw::gamma_with_scv(1.0, 2.25)),
        hyperexponential(),
        law("LN", "{ lognormal = { mean = \"1s\", cv = 1.2 } }", ServiceLaw::lognormal_with_scv(1.0, 1.44)),
        law("W", "{ weibull = { mean = \"1s\", shape = 0.7 } }", ServiceLaw::weibull(1.0, 0.7)),
        law(
            "BP",
            "{ bounded_pareto = { low = \"0.3s\", high = \"30s\", alpha = 1.4 } }",
            ServiceLaw::bounded_pareto(1.4, 0.3, 30.0),
        ),
        law(
            "Q",
            "{ quantiles = [{ quantile = 0.0, time = \"0.2s\" }, { quantile = 0.5, time = \"0.6s\" }, { quantile = 0.9, time = \"1.8s\" }, { quantile = 0.99, time = \"5s\" }, { quantile = 1.0, time = \"12s\" }] }",
            ServiceLaw::quantiles(&quantiles),
        ),
        Law {
            short: "2M",
            service: "[[service.class]]\nname = \"light\"\nweight = 3.0\ncpu_time = { exponential = { mean = \"0.4s\" } }\n\n[[service.class]]\nname = \"heavy\"\nweight = 1.0\ncpu_time = { exponential = { mean = \"2.8s\" } }\n".to_owned(),
            text: "",
            theory: two.expect(FIXED),
        },
    ]
}
