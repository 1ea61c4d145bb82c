//! The balancer's nodes, one in each zone: which of them a request enters by, and which targets each may choose.
//!
//! Sources: ELB user guide, "How Elastic Load Balancing works" (cross-zone); ALB user guide, "Target group health" (thresholds).

use super::Picker;
use crate::kernel::{Purpose, hash};
use crate::world::{Balancer, MinimumHealthy};

/// Registered targets of a zone, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    pub registered: u32,
    pub healthy: u32,
}

/// Which targets a node chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// There is no registered target: it answers 503.
    Nowhere,
    /// The healthy ones.
    Healthy,
    /// Too few are healthy: all registered ones (fail-open).
    All,
}

/// What target-group health means for the node of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// DNS names the node.
    pub in_dns: bool,
    pub route: Route,
    /// The targets that were judged: of the zone, or of all zones when cross-zone is on.
    pub judged: Targets,
}

impl MinimumHealthy {
    fn holds(self, targets: Targets) -> bool {
        let Targets { registered, healthy } = targets;
        let of = |percent: u32| u64::from(healthy) * 100 >= u64::from(percent) * u64::from(registered);
        self.count.is_none_or(|count| healthy >= count) && self.percent.is_none_or(of)
    }
}

/// Target-group health: with cross-zone off each zone is judged by itself, with cross-zone on all of them together. When every zone
/// is too unhealthy for DNS, all stay. A zone without registered targets stays too, and its requests are lost.
pub(crate) fn views(balancer: &Balancer, zones: &[Targets]) -> Vec<View> {
    let all = zones.iter().fold(Targets::default(), |sum, zone| Targets {
        registered: sum.registered + zone.registered,
        healthy: sum.healthy + zone.healthy,
    });
    let judged = |zone: &Targets| if balancer.cross_zone { all } else { *zone };
    let fit = |targets: Targets| targets.registered == 0 || balancer.dns_minimum.holds(targets);
    let none_fit = !zones.iter().any(|zone| fit(judged(zone)));
    let view = |zone: &Targets| {
        let judged = judged(zone);
        let route = match judged.registered {
            0 => Route::Nowhere,
            _ if balancer.routing_minimum.holds(judged) => Route::Healthy,
            _ => Route::All,
        };
        View { in_dns: none_fit || fit(judged), route, judged }
    };
    zones.iter().map(view).collect()
}

/// What changed from one view to another, in words.
pub(crate) fn told(before: &View, after: &View) -> Vec<String> {
    let Targets { registered, healthy } = after.judged;
    let mut said = Vec::new();
    if before.route != after.route {
        said.push(match after.route {
            Route::Nowhere => "no registered target, requests are answered 503".to_string(),
            Route::Healthy => format!("{healthy} of {registered} targets healthy, requests go to these"),
            Route::All => format!(
                "{healthy} of {registered} targets healthy, requests go to all registered targets (fail-open)"
            ),
        });
    }
    if before.in_dns != after.in_dns {
        said.push(match after.in_dns {
            true => "its node is back in DNS".to_string(),
            false => format!("{healthy} of {registered} targets healthy, its node leaves DNS"),
        });
    }
    said
}

/// The node that a request with this 32-bit draw enters by, among those that DNS names.
#[inline]
pub(crate) fn node_of(draw: u32, in_dns: &[u8]) -> usize {
    let place = (u64::from(draw) * in_dns.len() as u64) >> 32;
    usize::from(in_dns[place as usize])
}

/// All nodes, each with its own rotation and its own outstanding attempts.
#[derive(Debug)]
pub(crate) struct Nodes {
    seed: u64,
    cross_zone: bool,
    /// One picker a node; a single one for all nodes when they share their state.
    pickers: Vec<Picker>,
    /// Nodes that DNS names, in order.
    in_dns: Vec<u8>,
    /// A view for each zone; none before the first look.
    views: Vec<View>,
}

impl Nodes {
    pub fn new(balancer: &Balancer, zones: usize, seed: u64) -> Self {
        let zones = zones.max(1);
        let count = if balancer.cross_zone && balancer.shared_state { 1 } else { zones };
        Nodes {
            seed,
            cross_zone: balancer.cross_zone,
            pickers: (0..count).map(|_| Picker::new(balancer.algorithm, seed)).collect(),
            in_dns: (0..zones as u8).collect(),
            views: Vec::new(),
        }
    }

    /// The node by which a request enters, the same for its retries while DNS stays as it is.
    #[inline]
    pub fn enter(&self, request: u64) -> usize {
        if self.pickers.len() == 1 {
            return 0;
        }
        let draw = (hash(self.seed, Purpose::Node, request, 0) >> 32) as u32;
        node_of(draw, &self.in_dns)
    }

    /// Nodes that DNS names, in order.
    #[cfg(test)]
    pub fn in_dns(&self) -> &[u8] {
        &self.in_dns
    }

    /// The picker of a node.
    #[inline]
    pub fn at(&mut self, node: usize) -> &mut Picker {
        &mut self.pickers[node]
    }

    /// Attempts that any node waits for at a target.
    pub fn outstanding(&self, slot: usize) -> u32 {
        self.pickers.iter().map(|picker| picker.outstanding(slot)).sum()
    }

    /// Makes room for `slots` slots.
    pub fn grow(&mut self, slots: usize) {
        self.pickers.iter_mut().for_each(|picker| picker.grow(slots));
    }

    /// Sets the share of a target in slow start, in 1/65536; [`None`] ends it.
    pub fn set_ramp(&mut self, slot: usize, share: Option<u32>) {
        self.pickers.iter_mut().for_each(|picker| picker.set_ramp(slot, share));
    }

    /// Sets the weight of a target, in 1/65536.
    pub fn set_weight(&mut self, slot: usize, weight: u32) {
        self.pickers.iter_mut().for_each(|picker| picker.set_weight(slot, weight));
    }

    /// Takes new views; gives the zones whose view changed, with the one before, of views that were taken before.
    pub fn look(&mut self, views: Vec<View>) -> Vec<(usize, View, View)> {
        let before = std::mem::replace(&mut self.views, views);
        let named = |zone: &usize| self.views[*zone].in_dns;
        self.in_dns = (0..self.views.len()).filter(named).map(|zone| zone as u8).collect();
        let changed =
            |(_, old, new): &(usize, View, View)| (old.in_dns, old.route) != (new.in_dns, new.route);
        let pairs = before.into_iter().zip(&self.views).enumerate();
        pairs.map(|(zone, (old, new))| (zone, old, *new)).filter(changed).collect()
    }

    /// Whether a target may be chosen, by the views in force; `healthy` is `None` for what is not registered.
    pub fn set_target(&mut self, slot: usize, zone: usize, healthy: Option<bool>) {
        for (node, picker) in self.pickers.iter_mut().enumerate() {
            let usable = healthy.is_some_and(|healthy| {
                (self.cross_zone || node == zone) && (healthy || self.views[node].route == Route::All)
            });
            picker.set_usable(slot, usable);
        }
    }
}
