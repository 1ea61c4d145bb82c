//! Many queues behind a balancer: at random, in turn, to the shortest, to the shorter of a few.

use super::laws::{self, Law};
use super::queues::tail_row;
use super::{Case, Entry, Exact, LEAST, Measure, RANDOM, ROUND_ROBIN, Row, Station};
use simscale_oracle::jsq::ShortestOfD;
use simscale_oracle::mdc::Mdc;
use simscale_oracle::power_of_d::PowerOfD;
use simscale_oracle::round_robin::{RoundRobin, RoundRobinPhase};
use simscale_oracle::split::{random_mg1, random_mmc};

const FIXED: &str = "the grid lies within the domain of the formula";
const FAMILY: &str = "balancers";

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = random();
    cases.extend(in_turn());
    cases.extend(in_turn_of_other_laws());
    cases.extend(shortest());
    cases.extend(many());
    cases
}

fn row(
    name: String,
    exact: impl Fn() -> f64 + Send + Sync + 'static,
    formula: &'static str,
    quick: bool,
    cost: f64,
) -> Row {
    let exact = Exact::of(exact);
    Row { name, family: FAMILY, measure: Measure::MeanResponse, exact, formula, quick, cost }
}

fn fleet<'a>(law: &'a Law, load: f64, instances: u32, cores: u32, entry: Entry) -> Station<'a> {
    Station { instances, entry, ..Station::queue(law, load, cores) }
}

fn random() -> Vec<Case> {
    let (exponential, spread) = (laws::exponential(), laws::hyperexponential());
    let mut cases = Vec::new();
    for (n, load) in
        [(2, 0.5), (2, 0.9), (10, 0.5), (10, 0.9), (100, 0.5), (100, 0.9), (1000, 0.5), (1000, 0.8)]
    {
        let station = fleet(&exponential, load, n, 1, RANDOM);
        let rate = station.rate();
        let exact = move || random_mmc(rate, n, 1.0, 1).expect(FIXED).mean_response();
        let name = format!("{n} x M/M/1 at {load}, random");
        cases.push(row(name, exact, "split::random_mmc", n == 10, 1.3).of(&station));
    }
    for (n, load) in [(10, 0.7), (100, 0.7)] {
        let station = fleet(&spread, load, n, 1, RANDOM);
        let (rate, theory) = (station.rate(), spread.theory.clone());
        let exact = move || random_mg1(rate, n, theory.clone()).expect(FIXED).mean_response();
        let name = format!("{n} x M/H2/1 at {load}, random");
        cases.push(row(name, exact, "split::random_mg1", false, 1.3).of(&station));
        let station = fleet(&exponential, load, n, 4, RANDOM);
        let rate = station.rate();
        let exact = move || random_mmc(rate, n, 1.0, 4).expect(FIXED).mean_response();
        let name = format!("{n} x M/M/4 at {load}, random");
        cases.push(row(name, exact, "split::random_mmc", false, 1.3).of(&station));
    }
    cases
}

fn in_turn() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for n in [2, 10, 100, 1000] {
        // A thousand queues at 0.9 would spend the share of several cases on their lead-ins.
        for load in [0.5, 0.8, 0.9].into_iter().filter(|load| n < 1000 || *load < 0.85) {
            let station = fleet(&law, load, n, 1, ROUND_ROBIN);
            let rate = station.rate();
            let model = move || RoundRobin::new(rate, n, 1.0, 1).expect(FIXED);
            let name = format!("{n} x M/M/1 at {load}, round robin");
            let quick = n == 10 || n == 1000 && load == 0.5;
            let exact = move || model().mean_response();
            let formula = "round_robin::RoundRobin::mean_response";
            cases.push(row(name.clone(), exact, formula, quick, 1.0).of(&station));
            // A processor that is shared has the same number in system as one worker when work is exponential.
            let shared = Station { shared: true, ..fleet(&law, load, n, 1, ROUND_ROBIN) };
            cases.push(row(format!("{name}, shared"), exact, formula, false, 1.3).of(&shared));
            if n == 10 {
                let quantile = model().response_quantile(0.99).expect(FIXED);
                let formula = "round_robin::RoundRobin::response_tail";
                let tail = tail_row(
                    format!("{name}, p99"),
                    quantile,
                    move |t| model().response_tail(t),
                    formula,
                    false,
                );
                cases.push(tail.of(&station));
            }
        }
    }
    for (n, workers, load) in [(2, 4, 0.8), (10, 4, 0.8), (10, 16, 0.9), (100, 4, 0.9)] {
        let station = fleet(&law, load, n, workers, ROUND_ROBIN);
        let rate = station.rate();
        let exact = move || RoundRobin::new(rate, n, 1.0, workers).expect(FIXED).mean_response();
        let name = format!("{n} x M/M/{workers} at {load}, round robin");
        let formula = "round_robin::RoundRobin::mean_response";
        cases.push(row(name, exact, formula, (n, workers) == (10, 4), 1.0).of(&station));
    }
    cases
}

/// Constant service in turn is a central queue, job by job; phase-type service has a wait of phase type.
fn in_turn_of_other_laws() -> Vec<Case> {
    let (constant, erlang, spread) = (laws::constant(), laws::erlang(), laws::hyperexponential());
    let mut cases = Vec::new();
    for n in [2, 10, 50] {
        for load in [0.7, 0.9] {
            let station = fleet(&constant, load, n, 1, ROUND_ROBIN);
            let rate = station.rate();
            let exact = move || Mdc::new(rate, 1.0, n).expect(FIXED).mean_response();
            let name = format!("{n} x M/D/1 at {load}, round robin");
            cases.push(row(name, exact, "mdc::Mdc::mean_response", n == 10 && load == 0.7, 1.0).of(&station));
            for law in [&erlang, &spread] {
                let station = fleet(law, load, n, 1, ROUND_ROBIN);
                let (rate, theory) = (station.rate(), law.theory.clone());
                let model =
                    move || RoundRobinPhase::new(rate, n, &theory).and_then(|model| model.mean_response());
                let name = format!("{n} x M/{}/1 at {load}, round robin", law.short);
                let exact = move || model().expect(FIXED);
                let formula = "round_robin::RoundRobinPhase::mean_response";
                cases.push(row(name, exact, formula, n == 10 && load == 0.7, 1.0).of(&station));
            }
        }
    }
    cases
}

/// Join the shortest queue and the shorter of d, exactly, for few instances.
fn shortest() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    // Beyond these loads the chain has too many states for the oracle.
    for n in [2, 3, 4] {
        for load in [0.3, 0.5, 0.7, 0.8, 0.9, 0.95].into_iter().filter(|load| n < 4 || *load < 0.85) {
            for shared in [false, true] {
                let station = Station { shared, ..fleet(&law, load, n, 1, LEAST) };
                let exact = move || ShortestOfD::new(load, 1.0, n, n).expect(FIXED).mean_response();
                let shape = if shared { ", shared" } else { "" };
                let name = format!("{n} x M/M/1 at {load}, least outstanding{shape}");
                let formula = "jsq::ShortestOfD::mean_response";
                let quick = !shared && [0.5, 0.8].contains(&load);
                cases.push(row(name, exact, formula, quick, 1.5).of(&station));
            }
        }
    }
    for (n, d, entry) in [(3, 2, TWO), (4, 2, TWO), (4, 3, THREE)] {
        for load in [0.5, 0.7, 0.9].into_iter().filter(|load| n < 4 || *load < 0.85) {
            let name = format!("{n} x M/M/1 at {load}, least of {d}");
            let exact = move || ShortestOfD::new(load, 1.0, n, d).expect(FIXED).mean_response();
            let station = fleet(&law, load, n, 1, entry);
            cases.push(row(name, exact, "jsq::ShortestOfD::mean_response", load == 0.5, 1.8).of(&station));
        }
    }
    cases
}

const TWO: Entry = Entry::Balancer("{ power_of_d = { d = 2 } }");
const THREE: Entry = Entry::Balancer("{ power_of_d = { d = 3 } }");

/// A thousand instances against the limit of infinitely many: near, not equal, and so not judged.
fn many() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for (d, entry) in [(2, TWO), (3, THREE)] {
        for load in [0.5, 0.7, 0.8] {
            let station = fleet(&law, load, 1000, 1, entry);
            let exact = move || PowerOfD::new(load, 1.0, 1, d).expect(FIXED).mean_response();
            let name = format!("1000 x M/M/1 at {load}, least of {d}");
            let case = row(name, exact, "power_of_d::PowerOfD::mean_response", d == 2 && load == 0.7, 2.0)
                .of(&station);
            cases.push(Case { judged: false, ..case });
        }
    }
    cases
}
