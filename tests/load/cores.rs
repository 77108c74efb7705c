//! Who runs where, and what it cost.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

/// Keeps this process, and what it starts from now on, to one core.
pub(crate) fn keep_to(core: usize) -> anyhow::Result<()> {
    let pinned = Command::new("taskset")
        .args([
            "-a",
            "-p",
            "-c",
            &core.to_string(),
            &std::process::id().to_string(),
        ])
        .output()
        .context("taskset of util-linux is needed")?;
    ensure!(pinned.status.success(), "there is no core {core}: give --cores");
    Ok(())
}

/// Seconds of CPU, in user space and in the kernel, that all threads of the process have used.
pub(crate) fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // the name before these fields may itself have blanks and brackets
    let (_, fields) = stat.rsplit_once(") ").context("a name in brackets")?;
    let ticks: Vec<f64> = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// Seconds that the first thread of this process, which does all of its work, has run; finer than [`cpu_seconds`].
pub(crate) fn own_seconds() -> anyhow::Result<f64> {
    let times = fs::read_to_string("/proc/self/schedstat")?;
    let running = times.split(' ').next().context("a time")?;
    Ok(running.parse::<f64>()? / 1e9)
}

/// What a process uses from now on.
pub(crate) struct Meter {
    process: u32,
    begun: Instant,
    before: anyhow::Result<f64>,
}

/// What it used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) cpu_seconds: f64,
    pub(crate) elapsed: Duration,
}

impl Meter {
    pub(crate) fn begin(process: u32) -> Self {
        Self {
            process,
            begun: Instant::now(),
            before: cpu_seconds(process),
        }
    }

    /// Fails if the process is not there any more.
    pub(crate) fn read(&self) -> anyhow::Result<Used> {
        let before = self.before.as_ref().ok().context("the process was there")?;
        Ok(Used {
            cpu_seconds: cpu_seconds(self.process)? - before,
            elapsed: self.begun.elapsed(),
        })
    }
}

/// What the process holds in memory now, in MiB.
pub(crate) fn resident_mib(process: u32) -> anyhow::Result<f64> {
    mib(process, "VmRSS:")
}

/// The most memory that the process ever had, in MiB.
pub(crate) fn peak_mib(process: u32) -> anyhow::Result<f64> {
    mib(process, "VmHWM:")
}

fn mib(process: u32, name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let size = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = size.and_then(|size| size.trim().strip_suffix(" kB"));
    Ok(kib.context("a size in kB")?.parse::<f64>()? / 1024.0)
}

/// `USER_HZ`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
