//! The row of each instance, from what was recorded of it.

use super::Engine;
use super::instance::Instance;
use super::warm_pool::launch_of;
use crate::fleet::Ending;
use crate::kernel::SimTime;
use crate::ledger::InstanceRow;

impl Engine<'_> {
    pub(super) fn tell_instance(&mut self, instance: &Instance, terminated: Option<u64>) {
        let vcpus = self.vcpus(instance);
        let area = instance.area(0, self.now, vcpus, self.world.metrics.period.as_nanos());
        let time = |at: Option<u64>| at.map(SimTime::from_nanos);
        let ending = match terminated {
            Some(_) => instance.ending.unwrap_or(Ending::ScaledIn),
            None => Ending::RunEnded,
        };
        let share = area.busy / (area.time * f64::from(vcpus));
        // What an open bill may round away is told later.
        let open = instance.billed_from.is_some() && instance.billed_to.is_none();
        let later = u64::from(ending == Ending::Returned && open);
        let billed = (instance.billed_earlier + self.billed_of(instance)).saturating_sub(later);
        let row = InstanceRow {
            launch: launch_of(instance.launch),
            zone: self.world.group.zones[instance.zone].clone(),
            slot: instance.slot as u32,
            launched: SimTime::from_nanos(instance.launched),
            running: time(instance.ran_first.or(instance.billed_from)),
            in_service: time(instance.in_service_from),
            healthy: time(instance.healthy_from),
            terminated: time(terminated),
            billed_ns: if instance.host.is_some() { 0 } else { billed - instance.billed_told },
            served: instance.served,
            service_ns: area.time as u128,
            busy_ns: area.busy as u128,
            cpu_utilization_mean: if area.time > 0.0 { share } else { 0.0 },
            ending,
        };
        self.sink.instance(&row);
    }

    /// The instances that the end of the run meets.
    pub(super) fn tell_the_rest(&mut self) {
        for slot in self.taken() {
            let instance = self.at(slot).clone();
            if instance.standalone.is_none() {
                self.tell_instance(&instance, None);
            }
        }
    }
}
