//! First come, first served: M/M/c and M/G/1 means, whole laws of response times, refusals where room is short.

use super::laws::{self, Law};
use super::{Case, Entry, Exact, Measure, Row, Station, nanos};
use simscale_oracle::erlang::erlang_b;
use simscale_oracle::{md1::Md1, mdc::Mdc, mg1::Mg1, mmc::Mmc, mmck::Mmck};

const FIXED: &str = "the grid lies within the domain of the formula";

/// Means of M/M/c, of workers on a central queue, and of M/G/1.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = mmc();
    cases.extend(central());
    cases.extend(mg1());
    cases
}

fn mmc() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for c in [1, 2, 4, 16, 64, 256, 1000] {
        // At 0.99 a queue forgets its start after 40,000 services only.
        let highest = [1, 16, 1000].contains(&c).then_some(0.99);
        for load in [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98].into_iter().chain(highest) {
            let station = Station::queue(&law, load, c);
            let rate = station.rate();
            let exact = Exact::of(move || Mmc::new(rate, 1.0, c).expect(FIXED).mean_response());
            let quick = [1, 16, 1000].contains(&c) && [0.1, 0.5, 0.8, 0.9].contains(&load);
            let row = Row {
                name: format!("M/M/{c} at {load}"),
                family: "one queue",
                measure: Measure::MeanResponse,
                exact,
                formula: "mmc::Mmc::mean_response",
                quick,
                cost: 1.0,
            };
            cases.push(row.of(&station));
        }
    }
    cases
}

/// Instances whose workers pull from one queue are one M/M/c or M/D/c, whatever their number.
fn central() -> Vec<Case> {
    let (exponential, constant) = (laws::exponential(), laws::constant());
    let mut cases = Vec::new();
    for (instances, cores) in [(1, 1), (2, 1), (4, 4), (16, 1), (100, 1), (50, 4), (1000, 1)] {
        for load in [0.5, 0.8, 0.95] {
            let station =
                |law| Station { instances, entry: Entry::Queue, ..Station::queue(law, load, cores) };
            let c = instances * cores;
            let row = |law: &str, exact, formula| Row {
                name: format!("M/{law}/{c} at {load}, {instances} x {cores} workers on a central queue"),
                family: "central queue",
                measure: Measure::MeanResponse,
                exact,
                formula,
                quick: load == 0.8 && c < 1000,
                cost: 3.0,
            };
            let rate = load * f64::from(c);
            let mmc = Exact::of(move || Mmc::new(rate, 1.0, c).expect(FIXED).mean_response());
            cases.push(row("M", mmc, "mmc::Mmc::mean_response").of(&station(&exponential)));
            if c <= 100 {
                let mdc = Exact::of(move || Mdc::new(rate, 1.0, c).expect(FIXED).mean_response());
                cases.push(row("D", mdc, "mdc::Mdc::mean_response").of(&station(&constant)));
            }
        }
    }
    cases
}

/// Every law of service, by Pollaczek and Khinchine.
fn mg1() -> Vec<Case> {
    let mut cases = Vec::new();
    for law in laws::all() {
        for load in [0.3, 0.6, 0.8, 0.9] {
            let station = Station::queue(&law, load, 1);
            let (rate, theory) = (station.rate(), law.theory.clone());
            let row = Row {
                name: format!("M/{}/1 at {load}, wait", law.short),
                family: "one queue",
                measure: Measure::MeanWait,
                exact: Exact::of(move || Mg1::new(rate, theory.clone()).expect(FIXED).mean_wait()),
                formula: "mg1::Mg1::mean_wait",
                quick: load == 0.6,
                cost: 1.0,
            };
            cases.push(row.of(&station));
        }
    }
    cases
}

/// Shares of requests beyond the median, the 90th and the 99th percentile that theory gives.
pub(super) fn tails() -> Vec<Case> {
    let mut cases = Vec::new();
    for law in [laws::exponential(), laws::erlang(), laws::hyperexponential(), laws::constant()] {
        for load in [0.5, 0.8] {
            let station = Station::queue(&law, load, 1);
            let model = Mg1::new(station.rate(), law.theory.clone()).expect(FIXED);
            for p in [0.5, 0.9, 0.99] {
                let quantile = model.response_quantile(p).expect(FIXED);
                let model = model.clone();
                let tail = move |t: f64| model.response_tail(t).expect(FIXED);
                let name = format!("M/{}/1 at {load}, p{}", law.short, p * 100.0);
                cases.push(tail_row(name, quantile, tail, "mg1::Mg1::response_tail", p == 0.9).of(&station));
            }
        }
    }
    let law = laws::exponential();
    for c in [4, 64, 1000] {
        for load in [0.8, 0.95] {
            let station = Station::queue(&law, load, c);
            let model = Mmc::new(station.rate(), 1.0, c).expect(FIXED);
            let quantile = model.response_quantile(0.99).expect(FIXED);
            let name = format!("M/M/{c} at {load}, p99");
            let row =
                tail_row(name, quantile, move |t| model.response_tail(t), "mmc::Mmc::response_tail", c == 4);
            cases.push(row.of(&station));
        }
    }
    cases.extend(delays());
    cases
}

/// Constant service: who takes longer than the service, and a little, has waited.
fn delays() -> Vec<Case> {
    let law = laws::constant();
    let mut cases = Vec::new();
    for c in [1, 4, 16] {
        for load in [0.5, 0.9] {
            let station = Station::queue(&law, load, c);
            let rate = station.rate();
            let tail = move |t: f64| match c {
                1 => Md1::new(rate, 1.0).and_then(|model| model.wait_tail(t - 1.0)),
                _ => Mdc::new(rate, 1.0, c).and_then(|model| model.wait_tail(t - 1.0)),
            };
            let formula = if c == 1 { "md1::Md1::wait_tail" } else { "mdc::Mdc::wait_tail" };
            let name = format!("M/D/{c} at {load}, share that waits");
            cases.push(
                tail_row(name, 1.001, move |t| tail(t).expect(FIXED), formula, load == 0.5).of(&station),
            );
        }
    }
    cases
}

/// A row about the share of requests slower than about `limit` seconds.
pub(super) fn tail_row(
    name: String,
    limit: f64,
    tail: impl Fn(f64) -> f64 + Send + Sync + 'static,
    formula: &'static str,
    quick: bool,
) -> Row {
    let limit = nanos(limit);
    let exact = Exact::of(move || tail(limit as f64 / 1e9));
    Row { name, family: "whole laws", measure: Measure::SlowerThan(limit), exact, formula, quick, cost: 1.2 }
}

/// Room for K requests: refusals, busy processors, and the response time of those who came in, below and above capacity.
pub(super) fn refusals() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for (c, room) in [(1, 4), (4, 8), (16, 20), (100, 110)] {
        for load in [0.8, 1.0, 1.5] {
            let station = Station { room: room - c, ..Station::queue(&law, load, c) };
            let model = Mmck::new(station.rate(), 1.0, c, room).expect(FIXED);
            let measures = [
                (
                    Measure::Refused,
                    model.blocking_probability(),
                    "mmck::Mmck::blocking_probability",
                    "refused",
                ),
                (Measure::MeanResponse, model.mean_response(), "mmck::Mmck::mean_response", "response"),
                (
                    Measure::Busy { of: c },
                    model.utilisation() * f64::from(c),
                    "mmck::Mmck::utilisation",
                    "busy processors",
                ),
            ];
            for (measure, exact, formula, what) in measures {
                let quick = load == 1.5 && measure == Measure::Refused;
                let name = format!("M/M/{c}/{room} at {load}, {what}");
                let exact = Exact::of(move || exact);
                let row = Row { name, family: "refusals", measure, exact, formula, quick, cost: 1.0 };
                cases.push(row.of(&station));
            }
        }
    }
    // Without places to wait, and with shared processors and K places, the share refused depends on the mean of the work alone.
    for law in laws::all() {
        cases.push(loss(&law, 8, 0.9));
        cases.push(shared_loss(&law, 6, 1.2));
    }
    cases
}

fn loss(law: &Law, c: u32, load: f64) -> Case {
    let station = Station { room: 0, ..Station::queue(law, load, c) };
    let row = Row {
        name: format!("M/{}/{c}/{c} at {load}, refused", law.short),
        family: "refusals",
        measure: Measure::Refused,
        exact: Exact::of(move || erlang_b(c, load * f64::from(c)).expect(FIXED)),
        formula: "erlang::erlang_b",
        quick: law.short == "BP",
        cost: 1.0,
    };
    row.of(&station)
}

fn shared_loss(law: &Law, room: u32, load: f64) -> Case {
    let station = Station { room: 0, shared: true, places: room, ..Station::queue(law, load, 1) };
    let row = Row {
        name: format!("M/{}/1-PS/{room} at {load}, refused", law.short),
        family: "refusals",
        measure: Measure::Refused,
        exact: Exact::of(move || Mmck::new(load, 1.0, 1, room).expect(FIXED).blocking_probability()),
        formula: "mmck::Mmck::blocking_probability",
        quick: law.short == "LN",
        cost: 1.0,
    };
    row.of(&station)
}
