//! What happens to the facts of a run while it goes on: rows to files, points to the picture, a step of the progress bar.

use crate::failure::Failure;
use crate::output::{ACTIVITY_COLUMNS, Folder, INSTANCE_COLUMNS, PERIOD_COLUMNS, Table};
use crate::output::{activity_cells, instance_cells, period_cells};
use crate::timeline::Series;
use indicatif::{ProgressBar, ProgressStyle};
use simscale::engine::{ActivityRow, InstanceRow, PeriodRow, SimTime, Sink};
use simscale::scenario::RunSettings;
use std::io::{BufWriter, ErrorKind, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Takes the facts of one run.
pub struct Recorder<'a> {
    periods: Table<BufWriter<fs_err::File>>,
    activities: Table<BufWriter<fs_err::File>>,
    instances: Table<BufWriter<fs_err::File>>,
    clock: &'a RunSettings,
    series: Series,
    requests: u64,
    stop: &'a AtomicBool,
    progress: &'a Progress,
}

impl<'a> Recorder<'a> {
    /// Opens the tables of a result folder.
    pub fn new(
        folder: &mut Folder,
        clock: &'a RunSettings,
        stop: &'a AtomicBool,
        progress: &'a Progress,
    ) -> Result<Recorder<'a>, Failure> {
        Ok(Recorder {
            periods: Table::new("periods.csv", folder.create("periods.csv")?, &PERIOD_COLUMNS),
            activities: Table::new("activities.csv", folder.create("activities.csv")?, &ACTIVITY_COLUMNS),
            instances: Table::new("instances.csv", folder.create("instances.csv")?, &INSTANCE_COLUMNS),
            clock,
            series: Series::default(),
            requests: 0,
            stop,
            progress,
        })
    }

    /// Closes the tables; hands over the points of the picture and the number of requests, lead-in included.
    pub fn finish(self) -> Result<(Series, u64), Failure> {
        self.periods.finish()?;
        self.activities.finish()?;
        self.instances.finish()?;
        Ok((self.series, self.requests))
    }
}

impl Sink for Recorder<'_> {
    fn period(&mut self, row: &PeriodRow) {
        let window_from = SimTime::from_nanos(self.clock.lead_in.nanos());
        self.periods.row(period_cells(row, window_from));
        self.series.push(row);
        self.requests += row.arrived;
        self.progress.advance(row);
    }

    fn activity(&mut self, row: &ActivityRow) {
        self.activities.row(activity_cells(row, self.clock.local_text(row.at)));
    }

    fn instance(&mut self, row: &InstanceRow) {
        self.instances.row(instance_cells(row));
    }

    /// Ends the run on Ctrl-C, and when its rows cannot be written any more.
    fn stop(&mut self) -> bool {
        let tables = [self.periods.has_failed(), self.activities.has_failed(), self.instances.has_failed()];
        self.stop.load(Relaxed) || tables.contains(&true)
    }
}

/// How far the runs of a command are; seen on a terminal only.
pub struct Progress {
    simulated: ProgressBar,
    requests: ProgressBar,
}

impl Progress {
    /// For this much simulated time in all.
    pub fn new(seconds: f64, shown: bool) -> Progress {
        let style = "{bar:30} {percent:>3} %  {msg}  {eta} left";
        let simulated = if shown { ProgressBar::new((seconds * 1e3) as u64) } else { ProgressBar::hidden() };
        simulated.set_style(
            ProgressStyle::with_template(style).expect("the template is fixed").progress_chars("=> "),
        );
        // Counts requests and knows their rate; never drawn itself.
        let requests = ProgressBar::hidden();
        requests.set_length(u64::MAX);
        Progress { simulated, requests }
    }

    fn advance(&self, row: &PeriodRow) {
        if self.simulated.is_hidden() {
            return;
        }
        self.requests.inc(row.arrived);
        let done = self.requests.position() as f64
            / self.simulated.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        self.simulated.set_message(format!("{} M requests/s", crate::number::plain(done / 1e6)));
        self.simulated.inc((row.end.since(row.start).as_nanos()) / 1_000_000);
    }

    /// Prints while the bar is out of the way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.simulated.suspend(print)
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.simulated.finish_and_clear();
    }
}

/// Standard output and standard error, with colours where they belong; a closed pipe is no error, a full disk is.
pub struct Console;

/// Why standard output did not take what it was given.
static LOST: OnceLock<String> = OnceLock::new();

impl Console {
    /// Data, for the next program or a reader.
    pub fn data(text: &str) {
        let mut out = anstream::stdout().lock();
        // A reader that has seen enough (`| head`) closes the pipe; that is its right.
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => _ = LOST.set(error.to_string()),
            _ => {}
        }
    }

    /// Why data was lost, if some was.
    pub fn lost() -> Option<&'static str> {
        LOST.get().map(String::as_str)
    }

    /// Talk, for the person at the terminal.
    pub fn talk(text: &str) {
        let mut err = anstream::stderr().lock();
        // Nobody is left to tell when standard error is closed.
        _ = writeln!(err, "{text}");
    }
}
