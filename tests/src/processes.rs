//! The process table, as `/proc` shows it: who descends from whom, and who carries a mark.
//! Must not know why anybody asks.

use std::collections::BTreeMap;
use std::path::Path;

use crate::program::has_ended;
use crate::stream::LIMIT;

/// Every process that descends from `ancestor`, not itself, in order of process id.
#[must_use]
pub fn descendants(ancestor: u32) -> Vec<u32> {
    let parents: BTreeMap<u32, u32> =
        all().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let descends = |pid: u32| {
        let mut above = parents.get(&pid);
        while let Some(&next) = above {
            if next == ancestor {
                return true;
            }
            above = parents.get(&next);
        }
        false
    };
    parents.keys().copied().filter(|&pid| descends(pid)).collect()
}

/// Every process whose environment holds `NAME=value`.
#[must_use]
pub fn marked(name: &str, value: &Path) -> Vec<u32> {
    let mark = format!("{name}={}", value.display()).into_bytes();
    let carries = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environment| environment.split(|&byte| byte == 0).any(|one| one == mark))
    };
    all().into_iter().filter(carries).collect()
}

/// The words of a process's command line, joined by spaces; empty when it has ended.
#[must_use]
pub fn command_line(pid: u32) -> String {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned()
}

/// Whether a process is there and not a zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    fields(pid).is_some_and(|fields| !fields.starts_with('Z'))
}

/// The name of the file that a process executes, or that of its `comm` where it may not be read.
pub(crate) fn name(pid: u32) -> Option<String> {
    let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(comm.trim_end().to_owned())
}

/// Sends a signal to each of some processes; those that have ended are passed over.
pub(crate) fn signal_each(pids: &[u32], signal: rustix::process::Signal) {
    for &pid in pids {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// The process that started a process, or that took it over; none when it has ended.
#[must_use]
pub fn parent(pid: u32) -> Option<u32> {
    fields(pid)?.split(' ').nth(1)?.parse().ok()
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything.
fn fields(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

/// Waits for the end of a process that need not be a child.
///
/// # Panics
/// When it does not end in time.
#[track_caller]
pub fn wait_for_end(pid: u32) {
    let raw = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let flags = rustix::process::PidfdFlags::empty();
    // no handle: it has ended already
    if let Some(handle) = raw.and_then(|pid| rustix::process::pidfd_open(pid, flags).ok()) {
        assert!(has_ended(&handle, LIMIT), "{} does not end", command_line(pid));
    }
}
