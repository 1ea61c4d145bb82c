//! What the rule for equal counts is worth: least connections over first-come-first-served workers by a recursion of a few lines, which shares nothing
//! with the engine, under three rules.

use super::live::Asked;
use std::collections::VecDeque;

/// Who is chosen among servers with equally few connections.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ties {
    /// simscale: the next at or after the one behind the last chosen.
    Next,
    /// nginx (`ngx_http_upstream_least_conn_module.c`): smooth weighted round robin among the tied alone, each with weights of its own.
    Smooth,
    /// HAProxy (`lb_fwlc.c`): a tree by connections; among equals the one that has had its count for the longest.
    Longest,
}

/// A server of the recursion.
#[derive(Clone, Default)]
struct Server {
    /// When each of its requests leaves, seconds.
    leaves: VecDeque<f64>,
    /// nginx's `current_weight`.
    weight: i64,
    /// The number of the change that its count made last.
    changed: usize,
}

/// Response times in milliseconds of what is answered before `end` seconds, with `more` seconds of overhead at the server.
pub fn responses(all: &[Asked], servers: usize, more: f64, end: f64, ties: Ties) -> Vec<f64> {
    let mut servers = vec![Server::default(); servers];
    for (i, server) in servers.iter_mut().enumerate() {
        server.changed = i;
    }
    let (mut pointer, mut changes) = (0, servers.len());
    let mut responses = Vec::with_capacity(all.len());
    for asked in all {
        let now = asked.at.as_secs_f64();
        let mut left = Vec::new();
        for (i, server) in servers.iter_mut().enumerate() {
            while let Some(leave) = server.leaves.front().copied().filter(|&leave| leave <= now) {
                server.leaves.pop_front();
                left.push((leave, i));
            }
        }
        left.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, i) in left {
            changes += 1;
            servers[i].changed = changes;
        }
        let chosen = choose(&mut servers, pointer, ties);
        pointer = (chosen + 1) % servers.len();
        let server = &mut servers[chosen];
        let leave =
            server.leaves.back().copied().unwrap_or(now).max(now) + asked.service.as_secs_f64() + more;
        server.leaves.push_back(leave);
        changes += 1;
        server.changed = changes;
        if leave <= end {
            responses.push((leave - now) * 1e3);
        }
    }
    responses
}

fn choose(servers: &mut [Server], pointer: usize, ties: Ties) -> usize {
    let n = servers.len();
    let least = servers.iter().map(|server| server.leaves.len()).min().unwrap_or(0);
    let tied: Vec<usize> = (0..n).filter(|&i| servers[i].leaves.len() == least).collect();
    match ties {
        Ties::Next => tied.into_iter().min_by_key(|&i| (i + n - pointer) % n).unwrap_or(0),
        Ties::Longest => tied.into_iter().min_by_key(|&i| servers[i].changed).unwrap_or(0),
        Ties::Smooth if tied.len() == 1 => tied[0],
        Ties::Smooth => {
            let mut best = tied[0];
            for &i in &tied {
                servers[i].weight += 1;
                if servers[i].weight > servers[best].weight {
                    best = i;
                }
            }
            servers[best].weight -= tied.len() as i64;
            best
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn asked(times_ms: &[u64]) -> Vec<Asked> {
        let at = |&ms: &u64| Asked { at: Duration::from_millis(ms), service: Duration::from_millis(10) };
        times_ms.iter().map(at).collect()
    }

    /// By hand: two servers, three at once and one when one of them has left.
    #[test]
    fn a_queue_by_hand() {
        for ties in [Ties::Next, Ties::Smooth, Ties::Longest] {
            let got = responses(&asked(&[0, 0, 0, 15]), 2, 0.0, 1.0, ties);
            let rounded: Vec<f64> = got.iter().map(|ms| ms.round()).collect();
            assert_eq!(rounded, [10.0, 10.0, 20.0, 10.0], "{ties:?}");
        }
    }

    /// Equal counts go round under every rule as long as all are equal.
    #[test]
    fn equal_servers_take_turns() {
        for ties in [Ties::Next, Ties::Smooth, Ties::Longest] {
            let mut servers = vec![Server::default(); 3];
            for (i, server) in servers.iter_mut().enumerate() {
                server.changed = i;
            }
            let (mut pointer, mut order) = (0, Vec::new());
            for turn in 0..6 {
                let chosen = choose(&mut servers, pointer, ties);
                pointer = (chosen + 1) % 3;
                servers[chosen].changed = 3 + turn;
                order.push(chosen);
            }
            assert_eq!(order, [0, 1, 2, 0, 1, 2], "{ties:?}");
        }
    }
}
