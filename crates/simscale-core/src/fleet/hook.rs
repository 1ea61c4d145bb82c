//! Lifecycle hooks: how long one holds an instance and how it ends, from the time its work takes and the heartbeats that are recorded.

use crate::kernel::{Purpose, Sampler, SimDuration, hash, stream};
use crate::world::{Hook, HookFailure, HookResult};

/// The longest that a hook can hold an instance, however many heartbeats are recorded: 48 hours or 100 heartbeat time-outs, whichever
/// is less.
///
/// Source: EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling lifecycle hooks", GlobalTimeout; documented.
pub fn hook_global_timeout(heartbeat_timeout: SimDuration) -> SimDuration {
    let hundred = heartbeat_timeout.as_nanos().saturating_mul(100);
    SimDuration::from_nanos(hundred).min(SimDuration::from_secs(172_800))
}

/// When a hook times out, counted from its start, after a heartbeat at `recorded`: the whole time-out begins again, up to the global one.
///
/// Source: EC2 Auto Scaling User Guide, "Complete a lifecycle action": a heartbeat 30 minutes into a 60-minute time-out ends it after 90
/// minutes; documented.
pub fn hook_timeout_after(heartbeat_timeout: SimDuration, recorded: SimDuration) -> SimDuration {
    (recorded + heartbeat_timeout).min(hook_global_timeout(heartbeat_timeout))
}

/// How a hook ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HookEnd {
    /// From its start, ns.
    pub after: u64,
    pub result: HookResult,
    /// Nobody completed it: the result is the hook's default.
    pub timed_out: bool,
}

impl Hook {
    /// How the hook in place `index` ends for a launch: all its luck is drawn from the two numbers.
    pub(crate) fn end(&self, seed: u64, launch: u64, index: usize) -> HookEnd {
        let number = launch * 64 + index as u64;
        let work = Sampler::new(&self.time, stream(seed, Purpose::Hook, number)).draw();
        let draw = hash(seed, Purpose::HookFailure, launch, index as u64);
        self.end_of(work, draw % 1_000_000 < u64::from(self.failure_ppm))
    }

    /// How it ends when its work takes `work` ns. Heartbeats are recorded while the work goes on; work that is done at the time-out is done.
    fn end_of(&self, work: u64, fails: bool) -> HookEnd {
        let last = match self.heartbeats {
            Some(every) if every < self.heartbeat_timeout => {
                work.saturating_sub(1) / every.as_nanos() * every.as_nanos()
            }
            _ => 0,
        };
        let timeout = hook_timeout_after(self.heartbeat_timeout, SimDuration::from_nanos(last)).as_nanos();
        let silent = fails && self.on_failure == HookFailure::Silence;
        if silent || work > timeout {
            return HookEnd { after: timeout, result: self.default_result, timed_out: true };
        }
        let result = if fails { HookResult::Abandon } else { HookResult::Continue };
        HookEnd { after: work, result, timed_out: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Distribution;
    use crate::world::Transition;

    fn secs(s: u64) -> SimDuration {
        SimDuration::from_secs(s)
    }

    /// AWS's own numbers.
    #[test]
    fn time_outs_are_those_of_aws() {
        let mut cases = [0, 0];
        for line in include_str!("../../tests/cases/hooks.txt").lines().filter(|l| !l.starts_with('#')) {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let number = |i: usize| secs(parts[i].parse().expect("seconds"));
            match parts[0] {
                "global" => assert_eq!(hook_global_timeout(number(1)), number(2), "{line}"),
                _ => assert_eq!(hook_timeout_after(number(1), number(2)), number(3), "{line}"),
            }
            cases[usize::from(parts[0] == "heartbeat")] += 1;
        }
        assert_eq!(cases, [6, 1]);
    }

    /// By hand: time-out 60 s, so at most 6000 s; heartbeats every 40 s while the work goes on.
    #[test]
    fn a_hook_ends_when_its_work_or_its_time_out_does() {
        let hook = |heartbeats: Option<u64>, on_failure| Hook {
            name: "hook".into(),
            transition: Transition::Launching,
            time: Distribution::Constant { value: 0.0 },
            heartbeat_timeout: secs(60),
            default_result: HookResult::Continue,
            failure_ppm: 0,
            on_failure,
            heartbeats: heartbeats.map(secs),
        };
        let cases = [
            // heartbeats, work, fails silently, fails aloud -> end, timed out, continues
            (None, 60, false, false, 60, false, true),
            (None, 61, false, false, 60, true, true),
            (None, 59, false, true, 59, false, false),
            (None, 59, true, false, 60, true, true),
            (Some(40), 61, false, false, 61, false, true),
            (Some(40), 5999, false, false, 5999, false, true),
            (Some(40), 6001, false, false, 6000, true, true),
            (Some(40), 130, false, true, 130, false, false),
            (Some(40), 130, true, false, 180, true, true),
            (Some(40), 120, true, false, 140, true, true),
            (Some(60), 61, false, false, 60, true, true),
            (Some(90), 61, false, false, 60, true, true),
        ];
        for case in cases {
            let (heartbeats, work, silent, aloud, after, timed_out, continues) = case;
            let on_failure = if silent { HookFailure::Silence } else { HookFailure::Abandon };
            let end = hook(heartbeats, on_failure).end_of(work * 1_000_000_000, silent || aloud);
            let result = if continues { HookResult::Continue } else { HookResult::Abandon };
            assert_eq!(end, HookEnd { after: after * 1_000_000_000, result, timed_out }, "{case:?}");
        }
    }
}
