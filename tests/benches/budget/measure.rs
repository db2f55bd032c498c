//! What one process cost: the time on the clock, the time of processors, the most memory. Must not
//! know what it did.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// How often a process is asked for its peak. The figure only grows, so that no more than the last
/// moment can be missed.
const SAMPLE: Duration = Duration::from_millis(2);

/// What a process cost.
pub(crate) struct Cost {
    /// From its start to its end, in milliseconds.
    pub(crate) wall: f64,
    /// User and system time of it and of every child that it waited for, in milliseconds.
    pub(crate) processor: f64,
}

/// Runs a command to its end, with nothing to read and nobody who listens.
///
/// # Panics
/// When it does not start, or ends badly.
pub(crate) fn cost(command: &mut Command) -> Cost {
    let (before, started) = (of_children(), Instant::now());
    let mut child = start(command);
    let ended = child.wait().expect("a child can be waited for once");
    let wall = started.elapsed();
    assert!(ended.success(), "{command:?} ended with {ended}");
    let processor = milliseconds(of_children()) - milliseconds(before);
    Cost { wall: wall.as_secs_f64() * 1000.0, processor }
}

/// Runs a command to its end, as [`cost`], and returns the most memory that the process itself had
/// resident, in MiB; that of its children does not count.
pub(crate) fn peak(command: &mut Command) -> f64 {
    let mut child = start(command);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    let ended = loop {
        peak = resident_peak(&status).unwrap_or(peak);
        if let Some(ended) = child.try_wait().expect("a child can be asked") {
            break ended;
        }
        std::thread::sleep(SAMPLE);
    };
    assert!(ended.success(), "{command:?} ended with {ended}");
    peak
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

fn of_children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("the call has no way to fail")
}

#[expect(clippy::cast_precision_loss, reason = "a benchmark does not run for 285 years")]
fn milliseconds(usage: Usage) -> f64 {
    let both = [usage.user_time(), usage.system_time()];
    both.map(|time| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3).iter().sum()
}

/// `VmHWM`; a process that has ended has none.
fn resident_peak(status: &str) -> Option<f64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
