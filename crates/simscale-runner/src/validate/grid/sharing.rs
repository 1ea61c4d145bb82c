//! Shared processors: means that do not depend on the law of the work, percentiles that do, and a shared backend behind them.

use super::laws;
use super::queues::tail_row;
use super::{Case, Exact, Measure, RANDOM, Row, Station, World};
use simscale_oracle::{mmc::Mmc, ps::MgcPs, ps_tail::MmcPs};

const FIXED: &str = "the grid lies within the domain of the formula";

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = means();
    cases.extend(tails());
    cases.extend(behind());
    cases
}

/// Insensitivity: each law, on one core and on several, has the mean of M/M/c.
fn means() -> Vec<Case> {
    let mut cases = Vec::new();
    for law in laws::all() {
        for (cores, load) in [(1, 0.5), (1, 0.9), (4, 0.8), (64, 0.95)] {
            let station = Station { shared: true, ..Station::queue(&law, load, cores) };
            let (rate, mean) = (station.rate(), law.theory.mean());
            let row = Row {
                name: format!("M/{}/{cores}-PS at {load}", law.short),
                family: "shared processors",
                measure: Measure::MeanResponse,
                exact: Exact::of(move || MgcPs::new(rate, mean, cores).expect(FIXED).mean_response()),
                formula: "ps::MgcPs::mean_response",
                quick: cores == 4,
                cost: 1.3,
            };
            cases.push(row.of(&station));
        }
    }
    cases
}

/// Percentiles of shared processors with exponential work.
fn tails() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    // The limits leave about a tenth and a hundredth of the requests.
    let grid = [(1, 0.5, [4.5, 12.0]), (1, 0.8, [12.0, 35.0]), (4, 0.8, [4.5, 11.0]), (16, 0.9, [4.0, 8.0])];
    for (cores, load, limits) in grid {
        let station = Station { shared: true, ..Station::queue(&law, load, cores) };
        let rate = station.rate();
        for limit in limits {
            let tail = move |t: f64| {
                MmcPs::new(rate, 1.0, cores).and_then(|model| model.response_tail(t)).expect(FIXED)
            };
            let name = format!("M/M/{cores}-PS at {load}, slower than {limit} s");
            cases.push(
                tail_row(name, limit, tail, "ps_tail::MmcPs::response_tail", limit == 4.5).of(&station),
            );
        }
    }
    cases
}

/// Instances that compute, then wait for one of N connections of a shared backend: what leaves the processors is a Poisson stream (Burke;
/// Kelly), so that the backend is an M/M/N.
fn behind() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for (instances, load, connections) in [(1, 0.7, 1), (4, 0.8, 4), (10, 0.6, 8)] {
        let station = Station { shared: true, instances, entry: RANDOM, ..Station::queue(&law, load, 1) };
        let rate = station.rate();
        let both = move || {
            let computing = MgcPs::new(load, 1.0, 1).expect(FIXED).mean_response();
            computing + Mmc::new(rate, 1.0, connections).expect(FIXED).mean_response()
        };
        let row = Row {
            name: format!("{instances} x M/M/1-PS at {load}, then M/M/{connections}"),
            family: "shared processors",
            measure: Measure::MeanResponse,
            exact: Exact::of(both),
            formula: "ps::MgcPs::mean_response + mmc::Mmc::mean_response",
            quick: connections == 4,
            cost: 3.0,
        };
        let mut case = row.of(&station);
        let service = format!("{}wait_time = {}\n", law.service, law.text);
        let text = case.world.0.replace(&law.service, &service);
        case.world = World(format!("{text}\n[backend]\nconnections = {connections}\n"));
        // The backend forgets no faster than a queue at its own load.
        case.pace.lead_in *= 2;
        case.pace.least *= 2;
        cases.push(case);
    }
    cases
}
