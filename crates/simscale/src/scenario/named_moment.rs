//! A moment of a run as a person names it: a time of day, a timestamp, or the time since the start.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use simscale_core::SimTime;

use super::RunSettings;
use super::run::{timestamp, zone};
use crate::text::{Duration, TimeOfDay};

const FORMS: &str = "write a time of day (\"14:32\"), a timestamp (\"2026-03-02T14:32:00\", with an offset or in the scenario's time zone) or the \
                     time since the start (\"9h 30min\")";

impl RunSettings {
    /// The moment of the run that `text` names: a time of day on the clock of [`RunSettings::time_zone`] (the first after the start), a
    /// timestamp with or without an offset, or a time since the start, such as `9h 30min`.
    ///
    /// # Errors
    /// A sentence: no such form, or a moment outside the run.
    pub fn moment(&self, text: &str) -> Result<SimTime, String> {
        let text = text.trim();
        let zone = zone(&self.time_zone).unwrap_or(TimeZone::UTC);
        let start = timestamp(self.start);
        let found = if let Ok(time) = text.parse::<TimeOfDay>() {
            first_after(start, &zone, time).ok_or("the calendar ends before that")?.as_nanosecond()
        } else if let Ok(moment) = text.parse::<Timestamp>() {
            moment.as_nanosecond()
        } else if let Ok(local) = text.parse::<DateTime>() {
            let moment = zone.to_timestamp(local).map_err(|error| format!("\"{text}\": {error}"))?;
            moment.as_nanosecond()
        } else if let Some(since) = since_start(text) {
            start.as_nanosecond() + i128::from(since)
        } else {
            return Err(format!("\"{text}\" is no moment; {FORMS}"));
        };
        let nanos = found - start.as_nanosecond();
        match u64::try_from(nanos) {
            Ok(nanos) if nanos <= self.duration.nanos() => Ok(SimTime::from_nanos(nanos)),
            _ => {
                let end = self.local_text(SimTime::from_nanos(self.duration.nanos()));
                let start = self.local_text(SimTime::ZERO);
                Err(format!("\"{text}\" lies outside the run, which lasts from {start} to {end}"))
            }
        }
    }
}

/// The first time at or after the start when the clock shows this time of day.
fn first_after(start: Timestamp, zone: &TimeZone, time: TimeOfDay) -> Option<Timestamp> {
    let date = zone.to_datetime(start).date();
    let seconds = (time.nanos() / 1_000_000_000) as i64;
    let on = |days: i64| {
        let local = date
            .checked_add(days.days())
            .ok()?
            .to_datetime(jiff::civil::Time::midnight() + seconds.seconds());
        zone.to_timestamp(local).ok()
    };
    on(0).filter(|moment| *moment >= start).or_else(|| on(1))
}

/// Durations side by side, added up, ns.
fn since_start(text: &str) -> Option<u64> {
    let mut sum = 0u64;
    for part in text.split_whitespace() {
        sum = sum.checked_add(part.parse::<Duration>().ok()?.nanos())?;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form of a moment, on a day whose clock goes forward at 02:00 and on the next, and moments outside.
    #[test]
    fn moments_are_found_in_every_form() {
        let mut run = RunSettings::lasting(Duration::from_secs(36 * 3600));
        run.start = "2026-03-28T22:00:00Z".parse().expect("a timestamp");
        run.time_zone = "Europe/Berlin".into();
        let at = |text: &str| run.moment(text).map(|t| t.as_nanos() / 1_000_000_000);
        assert_eq!(at("23:00"), Ok(0), "the start itself is at 23:00 in Berlin");
        assert_eq!(at("23:30:05"), Ok(1805));
        assert_eq!(at("01:59"), Ok(2 * 3600 + 59 * 60));
        assert_eq!(at("03:00"), Ok(3 * 3600), "the hour from 2 to 3 is skipped");
        assert_eq!(at("2026-03-30 01:00"), Ok(25 * 3600));
        assert_eq!(at("2026-03-30T01:00:00+02:00"), Ok(25 * 3600));
        assert_eq!(at("2026-03-29T23:00:00Z"), Ok(25 * 3600));
        assert_eq!(at("9h 30min"), Ok(34_200));
        assert_eq!(at("0s"), Ok(0));
        assert_eq!(at("36h"), Ok(36 * 3600));
        for outside in ["36h 1s", "2026-03-28T21:59:59Z", "2027-01-01"] {
            assert!(at(outside).is_err_and(|e| e.contains("outside the run")), "{outside}");
        }
        for nonsense in ["", "noon", "9h banana", "25:00"] {
            assert!(at(nonsense).is_err_and(|e| e.contains("is no moment")), "{nonsense}");
        }
    }
}
