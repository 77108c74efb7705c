//! What a comparison found, for people, for programs and for the README.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::figures::{Figures, Load};
use crate::operation::Operation;
use crate::options::Options;
use crate::target::Target;
use crate::verify;

/// All of it.
pub(crate) struct Table {
    names: [String; 2],
    rounds: usize,
    seconds: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) verify: Option<verify::Comparison>,
    pub(crate) peaks: Option<[f64; 2]>,
    pub(crate) at_rate: Vec<AtRate>,
}

/// One operation of both.
pub(crate) struct Row {
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    /// The medians of each.
    pub(crate) servers: [Figures; 2],
    /// How many times the CPU of the second the first needs: the median over pairs.
    pub(crate) cpu_ratio: f64,
}

/// One operation of the second, begun at a rate.
pub(crate) struct AtRate {
    pub(crate) operation: Operation,
    pub(crate) rate: f64,
    pub(crate) load: Load,
    /// Of p99 to the median, the median over rounds.
    pub(crate) ratio: f64,
}

/// How many times less than the reference an operation is to cost.
const fn goal(operation: Operation) -> Option<f64> {
    match operation {
        Operation::Refresh | Operation::Code | Operation::Flow => Some(20.0),
        Operation::Par => Some(10.0),
        _ => None,
    }
}

const VERIFY_GOAL: f64 = 10.0;
const MEMORY_GOAL: f64 = 10.0;
const P99_GOAL: f64 = 5.0;
/// Of the CPU of a refresh, and of a verified call.
const SIGNATURES_OF_REFRESH_GOAL: f64 = 50.0;
const SIGNATURES_OF_VERIFY_GOAL: f64 = 60.0;

impl Row {
    fn signatures_share(&self) -> f64 {
        let Figures { load, floor } = &self.servers[1];
        100.0 * (self.operation.signatures())(*floor) / load.cpu_us
    }

    fn errors(&self) -> usize {
        self.servers.iter().map(|server| server.load.errors()).sum()
    }
}

impl Table {
    pub(crate) fn new(servers: &[Target; 2], options: &Options) -> Self {
        Self {
            names: [0, 1].map(|server: usize| servers[server].name.clone()),
            rounds: options.rounds,
            seconds: options.seconds,
            rows: Vec::new(),
            verify: None,
            peaks: None,
            at_rate: Vec::new(),
        }
    }

    /// What the second did of it in a second, with the most connections that were tried.
    pub(crate) fn capacity_of_second(&self, operation: Operation) -> Option<f64> {
        let mut of_it = self.rows.iter().rev().filter(|row| row.operation == operation);
        of_it.next().map(|row| row.servers[1].load.per_second)
    }

    /// The table of the README, and where it comes from.
    pub(crate) fn markdown(&self) -> String {
        let [first, second] = &self.names;
        let mut lines = vec![
            format!("| operation | {first} | {second} | times less | goal | |"),
            "| --- | ---: | ---: | ---: | ---: | --- |".to_owned(),
        ];
        for row in &self.rows {
            let [a, b] = [0, 1].map(|server: usize| &row.servers[server].load);
            let wanted = goal(row.operation);
            let mut remark = format!("{:.0} and {:.0} a second", a.per_second, b.per_second);
            if row.operation == Operation::Refresh {
                let share = row.signatures_share();
                let is_met = verdict(share >= SIGNATURES_OF_REFRESH_GOAL);
                let _ = write!(
                    remark,
                    "; signatures are {share:.0} % of its CPU, goal {SIGNATURES_OF_REFRESH_GOAL:.0} %{is_met}"
                );
            }
            if row.errors() > 0 {
                let _ = write!(remark, "; {} errors", row.errors());
            }
            let connections = if row.connections == 16 {
                String::new()
            } else {
                format!(", {} connections", row.connections)
            };
            lines.push(format!(
                "| {}{connections}, CPU | {} | {} | {} | {} | {remark} |",
                title(row.operation),
                time(a.cpu_us),
                time(b.cpu_us),
                times(row.cpu_ratio),
                against(wanted, row.cpu_ratio),
            ));
        }
        if let Some(verify) = &self.verify {
            let is_met = verdict(verify.share >= SIGNATURES_OF_VERIFY_GOAL);
            lines.push(format!(
                "| verified call, warm cache, CPU | {} | {} | {} | {} | against npm `OAuthVerifier`; signatures are {:.0} % of its CPU, goal {SIGNATURES_OF_VERIFY_GOAL:.0} %{is_met} |",
                time(verify.reference_us),
                time(verify.own_us),
                times(verify.ratio),
                against(Some(VERIFY_GOAL), verify.ratio),
                verify.share,
            ));
        }
        if let Some([a, b]) = self.peaks {
            lines.push(format!(
                "| peak resident memory | {a:.0} MiB | {b:.0} MiB | {} | {} | of all of the above |",
                times(a / b),
                against(Some(MEMORY_GOAL), a / b),
            ));
        }
        for at in &self.at_rate {
            let is_met = verdict(at.ratio <= P99_GOAL);
            lines.push(format!(
                "| {} at 70 % of capacity | | p50 {:.2} ms, p99 {:.2} ms | | | p99 is {:.1} times the median, goal at most {P99_GOAL:.0}{is_met}; {:.0} a second, {} errors |",
                title(at.operation),
                at.load.p50_ms,
                at.load.p99_ms,
                at.ratio,
                at.rate,
                at.load.errors(),
            ));
        }
        format!("{}\n\n{}", lines.join("\n"), self.circumstances())
    }

    fn circumstances(&self) -> String {
        format!(
            "Medians of {} rounds of {} s in turn, 16 connections where nothing else is said, public client, durable SQLite; {}.",
            self.rounds,
            self.seconds,
            machine()
        )
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        self.markdown().replace('`', "") + "\n"
    }

    /// For a program.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let load = |load: &Load| {
            json!({
                "requests_per_second": load.per_second, "p50_ms": load.p50_ms, "p99_ms": load.p99_ms,
                "p999_ms": load.p999_ms, "server_cpu_us": load.cpu_us, "errors": load.errors(),
            })
        };
        let mut lines: Vec<Value> = Vec::new();
        for row in &self.rows {
            lines.push(json!({
                "operation": row.operation.name(), "connections": row.connections, "cpu_ratio": row.cpu_ratio,
                "signatures_share": row.signatures_share() / 100.0,
                "first": load(&row.servers[0].load), "second": load(&row.servers[1].load),
            }));
        }
        if let Some(verify) = &self.verify {
            lines.push(json!({
                "operation": "verify", "cpu_ratio": verify.ratio, "signatures_share": verify.share / 100.0,
                "first_cpu_us": verify.reference_us, "second_cpu_us": verify.own_us,
            }));
        }
        if let Some([a, b]) = self.peaks {
            lines.push(
                json!({ "operation": "memory", "first_peak_mib": a, "second_peak_mib": b, "ratio": a / b }),
            );
        }
        for at in &self.at_rate {
            lines.push(json!({
                "operation": at.operation.name(), "rate": at.rate, "p99_to_median": at.ratio, "second": load(&at.load),
            }));
        }
        lines
    }
}

const fn title(operation: Operation) -> &'static str {
    match operation {
        Operation::Par => "PAR",
        Operation::Code => "code exchange",
        Operation::Flow => "whole flow",
        other => other.name(),
    }
}

fn time(microseconds: f64) -> String {
    if microseconds >= 1000.0 {
        format!("{:.2} ms", microseconds / 1000.0)
    } else {
        format!("{microseconds:.0} µs")
    }
}

fn times(ratio: f64) -> String {
    format!("{ratio:.1}")
}

fn against(goal: Option<f64>, ratio: f64) -> String {
    goal.map_or_else(String::new, |goal| format!("{goal:.0}{}", verdict(ratio >= goal)))
}

const fn verdict(is_met: bool) -> &'static str {
    if is_met { "" } else { " (missed)" }
}

/// What this is measured on.
fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cores = read("/proc/cpuinfo");
    let models = cores.lines().filter_map(|line| line.strip_prefix("model name"));
    let model = models.clone().next().unwrap_or_default();
    format!(
        "{}, {} cores, Linux {}",
        model.trim_start_matches([' ', '\t', ':']),
        models.count(),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}
