//! Reading a case file and comparing every expected value with the computed one.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Given values of one case; remembers which were read.
pub struct Given<'a> {
    file: &'a Value,
    fields: &'a Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
}

impl Given<'_> {
    pub fn value(&self, name: &str) -> &Value {
        self.optional(name).unwrap_or_else(|| panic!("the case has no given field {name}"))
    }

    pub fn optional(&self, name: &str) -> Option<&Value> {
        self.read.borrow_mut().insert(name.to_string());
        self.fields.get(name)
    }

    pub fn number(&self, name: &str) -> f64 {
        self.value(name).as_f64().unwrap_or_else(|| panic!("{name} is a number"))
    }

    pub fn count(&self, name: &str) -> u32 {
        u32::try_from(self.value(name).as_u64().unwrap_or_else(|| panic!("{name} is a count")))
            .expect("a small count")
    }

    pub fn text(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_else(|| panic!("{name} is text"))
    }

    pub fn numbers(&self, name: &str) -> Vec<f64> {
        numbers(self.value(name))
    }

    /// A field of the whole file, shared by its cases.
    pub fn shared(&self, name: &str) -> &Value {
        &self.file[name]
    }
}

/// A JSON list as numbers.
pub fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

pub struct Report {
    pub cases: usize,
    pub values: usize,
    pub failures: Vec<String>,
}

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

pub fn run_file(name: &str, solver: impl Fn(&Given) -> Value) -> Report {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let tolerance = file["tolerance"].as_f64().expect("a tolerance");
    let quantile_tolerance = file["quantile_tolerance"].as_f64().unwrap_or(tolerance);
    let cases = file["cases"].as_array().expect("a list of cases");
    let mut report = Report { cases: cases.len(), values: 0, failures: Vec::new() };
    for case in cases {
        let id = case["id"].as_str().expect("an id");
        let given = Given {
            file: &file,
            fields: case["given"].as_object().expect("given fields"),
            read: RefCell::default(),
        };
        let computed = solver(&given);
        for field in given.fields.keys().filter(|field| !given.read.borrow().contains(*field)) {
            report.failures.push(format!("{id}: nobody reads the given field {field}"));
        }
        for (field, expected) in case["expected"].as_object().expect("expected fields") {
            let allowed = if field.contains("_p") { quantile_tolerance } else { tolerance };
            let mut check = Check { allowed, place: format!("{id} {field}"), report: &mut report };
            check.compare(expected, &computed[field]);
        }
    }
    assert!(report.cases > 0 && report.values >= report.cases, "{name} has cases and every case has values");
    report
}

struct Check<'a> {
    allowed: f64,
    place: String,
    report: &'a mut Report,
}

impl Check<'_> {
    fn compare(&mut self, expected: &Value, computed: &Value) {
        if let (Value::Array(expected), Value::Array(computed)) = (expected, computed)
            && expected.len() == computed.len()
        {
            expected.iter().zip(computed).for_each(|(e, c)| self.compare(e, c));
            return;
        }
        self.report.values += 1;
        let agree = match (expected.as_f64(), computed.as_f64()) {
            (Some(0.0), Some(c)) => c.abs() <= self.allowed,
            (Some(e), Some(c)) => (c - e).abs() <= self.allowed * e.abs(),
            _ => false,
        };
        if !agree {
            let place = &self.place;
            self.report.failures.push(format!(
                "{place}: expected {expected}, computed {computed}, allowed {:e}",
                self.allowed
            ));
        }
    }
}
