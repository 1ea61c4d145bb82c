//! `simscale size`: how many instances a steady load and a promise need, from queueing theory and before any simulation.

use super::Format;
use crate::failure::{Code, Failure};
use crate::number::{count, counted, percent, plain, rate, seconds};
use crate::record::Console;
use crate::report::{Look, Page};
use serde_json::{Value, json};
use simscale::text::{Duration, Rate};
use simscale_oracle::size::{Fleet, Layout, Target, smallest_fleet};
use simscale_oracle::staffing::{halfin_whitt_delay, square_root_servers};
use simscale_oracle::{ErrorKind, OracleError};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("promise").required(true).args(["p50", "p90", "p95", "p99", "quantile"])))]
pub struct Args {
    /// Requests that arrive, such as 400/s.
    #[arg(long, value_name = "RATE")]
    rate: Rate,
    /// Mean CPU time of a request on one core, such as 35ms.
    #[arg(long, value_name = "TIME")]
    cpu_time: Duration,
    /// Time a request waits for others, holding no core, such as 15ms.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    wait_time: Duration,
    /// Cores of an instance.
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u32).range(1..=1024))]
    vcpus: u32,
    /// Longest response time of the faster half.
    #[arg(long, value_name = "TIME")]
    p50: Option<Duration>,
    /// Longest response time of the fastest 90 %.
    #[arg(long, value_name = "TIME")]
    p90: Option<Duration>,
    /// Longest response time of the fastest 95 %.
    #[arg(long, value_name = "TIME")]
    p95: Option<Duration>,
    /// Longest response time of the fastest 99 %.
    #[arg(long, value_name = "TIME")]
    p99: Option<Duration>,
    /// Share of requests that must keep --limit, between 0 and 1, such as 0.999.
    #[arg(long, value_name = "RATIO", requires = "limit")]
    quantile: Option<f64>,
    /// Longest response time of the --quantile.
    #[arg(long, value_name = "TIME", requires = "quantile")]
    limit: Option<Duration>,
    /// How the answer is printed; json is one object on one line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  simscale size --rate 400/s --cpu-time 35ms --p99 300ms
  simscale size --rate 400/s --cpu-time 35ms --wait-time 15ms --p95 200ms --vcpus 4
  simscale size --rate 400/s --cpu-time 35ms --quantile 0.999 --limit 500ms --format json";

pub fn size(args: &Args) -> Result<Code, Failure> {
    let question = Question::of(args)?;
    let answer = question.answer().map_err(|error| question.failure(&error))?;
    Console::data(&match args.format {
        Format::Json => format!("{}\n", object(&question, &answer)),
        Format::Text => page(&question, &answer).render(Look::of_terminal()),
    });
    Ok(Code::Done)
}

/// A load and a promise. Times in seconds.
struct Question {
    rate: f64,
    cpu_time: f64,
    wait_time: f64,
    vcpus: u32,
    quantile: f64,
    limit: f64,
}

/// The fleets that keep the promise, and the one by rule of thumb.
struct Answer {
    central: Fleet,
    random: Fleet,
    thumb: Thumb,
}

/// The square-root rule with one standard deviation of the load in reserve.
struct Thumb {
    cores: u32,
    instances: u32,
    /// Share of requests that find all cores busy.
    delayed: f64,
}

impl Question {
    fn of(args: &Args) -> Result<Question, Failure> {
        let named = [(0.5, args.p50), (0.9, args.p90), (0.95, args.p95), (0.99, args.p99)];
        let promise = named.into_iter().find_map(|(quantile, limit)| Some((quantile, limit?)));
        let Some((quantile, limit)) = promise.or(args.quantile.zip(args.limit)) else {
            return Err(Failure::input("nothing is promised: say --p99 300ms, or --quantile and --limit"));
        };
        let question = Question {
            rate: args.rate.per_second(),
            cpu_time: args.cpu_time.seconds(),
            wait_time: args.wait_time.seconds(),
            vcpus: args.vcpus,
            quantile,
            limit: limit.seconds(),
        };
        if !(quantile > 0.0 && quantile < 1.0) {
            return Err(Failure::input(format!("--quantile {quantile} is not between 0 and 1; write 0.99")));
        }
        for (flag, value) in [("--rate", question.rate), ("--cpu-time", question.cpu_time)] {
            if value == 0.0 {
                return Err(Failure::input(format!("{flag} is zero: there is nothing to size")));
            }
        }
        if question.fastest() >= question.limit {
            return Err(question.unreachable());
        }
        Ok(question)
    }

    fn answer(&self) -> simscale_oracle::Result<Answer> {
        let target = Target {
            rate: self.rate,
            cpu_time_mean: self.cpu_time,
            vcpus_per_instance: self.vcpus,
            quantile: self.quantile,
            limit: self.limit - self.wait_time,
        };
        let fleet = |layout| {
            let mut fleet = smallest_fleet(&target, layout)?;
            fleet.mean_response += self.wait_time;
            fleet.response_at_quantile += self.wait_time;
            Ok(fleet)
        };
        let cores = square_root_servers(self.load(), 1.0, 1.0)?;
        let thumb = Thumb { cores, instances: cores.div_ceil(self.vcpus), delayed: halfin_whitt_delay(1.0)? };
        Ok(Answer { central: fleet(Layout::CentralQueue)?, random: fleet(Layout::RandomSplit)?, thumb })
    }

    /// Cores that are busy on average.
    fn load(&self) -> f64 {
        self.rate * self.cpu_time
    }

    /// The promised quantile of requests that have all cores for themselves.
    fn fastest(&self) -> f64 {
        self.wait_time - (1.0 - self.quantile).ln() * self.cpu_time
    }

    /// `p99`.
    fn name(&self) -> String {
        format!("p{}", plain(self.quantile * 100.0))
    }

    fn unreachable(&self) -> Failure {
        Failure::input(format!(
            "no fleet keeps {} below {}: on an idle machine it is {} already ({} of CPU time on average, exponentially \
             distributed{}); allow more time, or make requests cheaper",
            self.name(),
            seconds(self.limit),
            seconds(self.fastest()),
            seconds(self.cpu_time),
            if self.wait_time > 0.0 {
                format!(", and {} of waiting", seconds(self.wait_time))
            } else {
                String::new()
            },
        ))
    }

    fn failure(&self, error: &OracleError) -> Failure {
        match error.kind() {
            ErrorKind::Unreachable => self.unreachable(),
            ErrorKind::TooLarge => {
                Failure::input(format!("this is too large to be computed: {error}; check the units"))
            }
            _ => Failure::input(format!("this cannot be sized: {error}")),
        }
    }
}

fn page(question: &Question, answer: &Answer) -> Page {
    let Question { vcpus, .. } = *question;
    let name = question.name();
    let limit = seconds(question.limit);
    let each = counted(u64::from(vcpus), "vCPU", "vCPUs");
    let mut page = Page::new("Fleet size", &format!("{name} below {limit} on instances of {each}"));
    let load = question.load();
    page.add(
        "Load",
        format!(
            "{} x {} = {} busy on average",
            rate(question.rate),
            seconds(question.cpu_time),
            if load == 1.0 { "1 core".to_string() } else { format!("{} cores", plain(load)) }
        ),
    );
    let both = common();
    for (label, fleet) in [("At least", &answer.central), ("At random", &answer.random)] {
        page.add(
            label,
            format!(
                "{}: CPU {} busy, mean {}, {name} {}",
                counted(u64::from(fleet.instances), "instance", "instances"),
                percent(fleet.utilisation_ratio),
                seconds(fleet.mean_response),
                seconds(fleet.response_at_quantile)
            ),
        );
        let own = fleet.layout.assumptions().iter().filter(|line| !both.contains(line));
        own.for_each(|line| page.add(label, line.to_string()));
    }
    let Thumb { cores, instances, delayed } = answer.thumb;
    page.add(
        "Thumb",
        format!(
            "{load} + sqrt({load}) = {}, {}: {} of requests find all cores busy; the rule does not know the promise",
            counted(u64::from(cores), "vCPU", "vCPUs"),
            counted(u64::from(instances), "instance", "instances"),
            percent(delayed),
            load = plain(load),
        ),
    );
    both.iter().for_each(|line| page.add("Assumes", line.to_string()));
    if question.wait_time > 0.0 {
        let wait = seconds(question.wait_time);
        page.add("Assumes", format!("Except the wait: {wait} are added to each response, and hold no core."));
    }
    page.end(match (answer.central.instances, answer.random.instances) {
        (best, plain) if best == plain => {
            format!("{name} below {limit} takes {}.", counted(u64::from(best), "instance", "instances"))
        }
        (best, plain) => {
            let plain = counted(u64::from(plain), "instance", "instances");
            format!(
                "{name} below {limit} takes {} to {plain}: the better the balancer, the fewer.",
                count(u64::from(best))
            )
        }
    });
    page
}

/// What is taken for granted whatever the balancer.
fn common() -> Vec<&'static str> {
    let random = Layout::RandomSplit.assumptions();
    Layout::CentralQueue.assumptions().iter().filter(|line| random.contains(line)).copied().collect()
}

fn object(question: &Question, answer: &Answer) -> Value {
    let fleet = |fleet: &Fleet| {
        json!({
            "instances": fleet.instances,
            "cpu_utilization": fleet.utilisation_ratio,
            "response_mean_s": fleet.mean_response,
            "response_at_quantile_s": fleet.response_at_quantile,
            "assumptions": fleet.layout.assumptions(),
        })
    };
    let Thumb { cores, instances, delayed } = answer.thumb;
    json!({
        "schema": 1,
        "rate_per_s": question.rate,
        "cpu_time_s": question.cpu_time,
        "wait_time_s": question.wait_time,
        "vcpus": question.vcpus,
        "quantile": question.quantile,
        "limit_s": question.limit,
        "load_cores": question.load(),
        "central_queue": fleet(&answer.central),
        "random_split": fleet(&answer.random),
        "square_root_rule": { "cores": cores, "instances": instances, "delayed_ratio": delayed },
    })
}
