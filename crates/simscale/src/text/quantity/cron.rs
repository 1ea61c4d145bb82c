//! Cron expressions of five fields, as EC2 Auto Scaling takes them: "0 8 * * MON-FRI".

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Kind, Refusal, text_quantity};

/// A repeating time on a calendar: minute, hour, day of the month, month, day of the week.
///
/// Each field is `*`, a number, a range `a-b`, either with a step `/n`, or a list of those joined by commas; months and days of the week may be
/// written by three letters, and Sunday is 0 and 7. Where day of the month and day of the week are both restricted, a day needs one of them.
/// The rules are those of the cron of Unix systems, to which the EC2 Auto Scaling User Guide, "Scheduled scaling", points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day needs both its number and its weekday: one of the two fields begins with `*`.
    both: bool,
}

text_quantity!(Cron, Kind::Cron);

/// The rules of one field.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// What its values are called, from `least` on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field { name: "month", least: 1, most: 12, names: &MONTHS },
    Field { name: "day of the week", least: 0, most: 7, names: &WEEKDAYS },
];

impl Cron {
    /// Whether it acts on this date.
    pub(crate) fn on(&self, date: Date) -> bool {
        let has = |set: u64, value: i8| set >> value & 1 == 1;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.both { day && weekday } else { day || weekday }
    }

    /// The times of a day at which it acts, as (hour, minute) in order.
    pub(crate) fn times(&self) -> impl Iterator<Item = (i8, i8)> + '_ {
        let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
        hours.flat_map(|hour| {
            (0..60).filter(|minute| self.minutes >> minute & 1 == 1).map(move |minute| (hour, minute))
        })
    }

    /// Whether it acts in every hour of a day: then it follows elapsed time when the clocks change.
    pub(crate) fn hourly(&self) -> bool {
        self.hours == (1 << 24) - 1
    }

    /// How often it acts on a day on which it acts.
    pub(crate) fn times_a_day(&self) -> u64 {
        u64::from(self.hours.count_ones() * self.minutes.count_ones())
    }

    /// Whether some date of the calendar has its day and month: 30 February never comes.
    fn comes(&self) -> bool {
        const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let months = (0..12).filter(|month| self.months >> (month + 1) & 1 == 1);
        let day = |month: usize| self.days & ((1 << (LONGEST[month] + 1)) - 1) != 0;
        !self.both || months.into_iter().any(day)
    }
}

impl FromStr for Cron {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() != FIELDS.len() {
            return Err(wrong_count(text, &parts));
        }
        let mut sets = [0; 5];
        for ((set, part), field) in sets.iter_mut().zip(&parts).zip(&FIELDS) {
            *set = field.set(part)?;
        }
        let [minutes, hours, days, months, mut weekdays] = sets;
        weekdays |= weekdays >> 7;
        let cron = Cron {
            text: parts.join(" "),
            minutes,
            hours,
            days,
            months,
            weekdays: weekdays & 0x7f,
            both: parts[2].starts_with('*') || parts[4].starts_with('*'),
        };
        if !cron.comes() {
            return Err(Refusal::new(
                "names days that no month of it has",
                "correct day of the month or month",
            ));
        }
        Ok(cron)
    }
}

/// What to say about a text that has not five fields.
fn wrong_count(text: &str, parts: &[&str]) -> Refusal {
    let order = "minute, hour, day of the month, month, day of the week";
    let rule = match parts.len() {
        0 => {
            return Refusal::new(
                "is empty",
                format!("write five fields ({order}), such as \"0 8 * * MON-FRI\""),
            );
        }
        1 if text.starts_with('@') => "is a nickname; AWS takes the five fields only".to_owned(),
        6 => {
            "has 6 fields where a cron expression of EC2 Auto Scaling has 5 (no year, no seconds)".to_owned()
        }
        count => format!("has {count} fields where a cron expression has 5"),
    };
    Refusal::new(rule, format!("write {order}: \"0 8 * * MON-FRI\" is 08:00 on weekdays"))
}

impl Field {
    /// The values of a field as bits.
    fn set(&self, text: &str) -> Result<u64, Refusal> {
        text.split(',').try_fold(0, |set, item| Ok(set | self.item(item)?))
    }

    /// One element of a list: a range or a value, with a step or without.
    fn item(&self, item: &str) -> Result<u64, Refusal> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let step_by = match step.map(str::parse::<u32>) {
            None => 1,
            Some(Ok(step)) if (1..=self.most).contains(&step) => step,
            Some(_) => return Err(self.refuse(item, "its step is no number above 0 within the field")),
        };
        let (low, high) = match (range, range.split_once('-')) {
            ("*", _) => (self.least, self.most),
            (_, Some((low, high))) => (self.value(low, item)?, self.value(high, item)?),
            (_, None) if step.is_some() => {
                return Err(self.refuse(item, "a step belongs to * or to a range"));
            }
            (value, None) => {
                let value = self.value(value, item)?;
                (value, value)
            }
        };
        if low > high {
            return Err(self.refuse(item, "its range runs backwards"));
        }
        Ok((low..=high).step_by(step_by as usize).fold(0, |set, value| set | 1 << value))
    }

    fn value(&self, text: &str, item: &str) -> Result<u32, Refusal> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = match named {
            Some(place) => Some(self.least + place as u32),
            None if digits => text.parse().ok(),
            None => None,
        };
        number
            .filter(|number| (self.least..=self.most).contains(number))
            .ok_or_else(|| self.refuse(item, &format!("its values are {} to {}", self.least, self.most)))
    }

    fn refuse(&self, item: &str, why: &str) -> Refusal {
        let names = match self.names {
            [first, .., last] => format!(", names from {first} to {last}"),
            _ => String::new(),
        };
        Refusal::new(
            format!("has \"{item}\" as {}: {why}", self.name),
            format!(
                "write *, a number from {} to {}{names}, a range \"a-b\", a step \"*/n\", or a list",
                self.least, self.most
            ),
        )
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}
