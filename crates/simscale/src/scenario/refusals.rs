//! Policies that AWS itself would reject, each refused with AWS's rule, and values that are surely slips.

use super::tracking::TargetTracking;
use super::{Policy, Scenario, names};
use crate::text::Check;

/// What does not fit the product that is scaled, and slips of unit.
pub(crate) fn check(policy: &Policy, path: &str, scenario: &Scenario, check: &mut Check<'_>) {
    let service = scenario.group.is_service();
    if service && policy.simple_scaling.is_some() {
        let rule = "is refused: Application Auto Scaling, which scales an ECS service, has no simple scaling";
        check.fail(&format!("{path}.simple_scaling"), rule, "write step_scaling or target_tracking");
    }
    for (index, rule) in policy.step_scaling.iter().flat_map(|step| &step.rule).enumerate() {
        let path = format!("{path}.step_scaling.rule.{index}");
        check_pace(&path, service, &[("cooldown", rule.cooldown.is_some())], rule.warm_up.is_some(), check);
    }
    if let Some(tracking) = &policy.target_tracking {
        let path = format!("{path}.target_tracking");
        let keys = [
            ("scale_out_cooldown", tracking.scale_out_cooldown.is_some()),
            ("scale_in_cooldown", tracking.scale_in_cooldown.is_some()),
            ("flapping_ratio", tracking.flapping_ratio.is_some()),
        ];
        check_pace(&path, service, &keys, tracking.warm_up.is_some(), check);
        check_percent(tracking, &path, check);
    }
    for entry in policy.schedule.iter().filter(|_| service).flat_map(|schedule| &schedule.entry) {
        if entry.desired.is_some() {
            let path = format!("{path}.schedule.entry.{}.desired", entry.name);
            let rule = "is refused: scheduled actions of Application Auto Scaling set min and max only";
            check.fail(&path, rule, "write min and max: the present size is moved between them");
        }
    }
}

/// Cooldowns belong to a service, a warm-up to a group.
fn check_pace(path: &str, service: bool, cooldowns: &[(&str, bool)], warm_up: bool, check: &mut Check<'_>) {
    if service && warm_up {
        let rule = "is refused: Application Auto Scaling, which scales an ECS service, has no warm-up";
        check.fail(&format!("{path}.warm_up"), rule, "remove it: cooldowns take its place");
    }
    for (key, _) in cooldowns.iter().filter(|(_, given)| *given && !service) {
        let rule = "is refused: EC2 Auto Scaling paces this policy by warm-up; this is a key of Application Auto Scaling";
        let hint = "remove it, or write group.product = \"ecs_service\"";
        check.fail(&format!("{path}.{key}"), rule, hint);
    }
}

/// A target of utilisation that was meant as a ratio.
fn check_percent(tracking: &TargetTracking, path: &str, check: &mut Check<'_>) {
    let percent = matches!(tracking.metric.as_str(), "cpu_utilization" | "memory_utilization");
    if percent && tracking.target > 0.0 && tracking.target <= 1.0 {
        let rule = "is in percent, from 0 to 100, and so low that a ratio was surely meant";
        let hint = format!("write target = {} for {0} percent", 100.0 * tracking.target);
        check.fail(&format!("{path}.target"), rule, hint);
    }
}

/// Two target-tracking policies on one metric.
pub(crate) fn check_together(scenario: &Scenario, check: &mut Check<'_>) {
    let policies = &scenario.policy;
    let tracked = |policy: &Policy| policy.target_tracking.as_ref().map(|tracking| tracking.metric.clone());
    for (index, policy) in policies.iter().enumerate() {
        let Some(metric) = tracked(policy) else { continue };
        let Some(first) = policies[..index].iter().find(|other| tracked(other).as_ref() == Some(&metric))
        else {
            continue;
        };
        let path = names::path("policy", policies, index, |policy| &policy.name);
        let rule = format!(
            "is refused: AWS wants each target-tracking policy of a group on a metric of its own, and {} tracks it too",
            first.name
        );
        let hint = "track another metric, or keep one policy";
        check.fail(&format!("{path}.target_tracking.metric"), rule, hint);
    }
}
