//! Who runs where, and what it cost.

use std::fs;
use std::process::Command;

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
