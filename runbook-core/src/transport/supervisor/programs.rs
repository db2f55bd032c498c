//! The shell programs that run on a host, without their comments.

use std::sync::LazyLock;

/// A program, behind the functions of other files that it uses.
macro_rules! program {
    ($(#[$doc:meta])* $name:ident, $($file:literal),+) => {
        $(#[$doc])*
        pub(crate) static $name: LazyLock<String> =
            LazyLock::new(|| bare(concat!($(include_str!($file)),+)));
    };
}

program!(
    /// The long-lived shell of a connection.
    SUPERVISOR, "lives.sh", "supervisor.sh"
);
program!(
    /// Claims a job and starts its runner.
    LAUNCH, "launch.sh"
);
program!(
    /// What outlives the connection.
    RUNNER, "lives.sh", "kin.sh", "runner.sh"
);
program!(
    /// Streams a job's output until it ended.
    FOLLOW, "alive.sh", "follow.sh"
);
program!(
    /// Stops a job.
    CANCEL, "alive.sh", "kin.sh", "left.sh", "cancel.sh"
);
program!(
    /// Collects what is known of a job.
    INSPECT, "alive.sh", "kin.sh", "left.sh", "inspect.sh"
);
program!(
    /// Makes sure that a job never starts.
    VOID, "void.sh"
);
program!(
    /// Chooses where jobs are kept.
    BASE, "base.sh"
);
program!(
    /// Holds a lock.
    LEASE, "lease.sh"
);
program!(
    /// Says who the host is.
    IDENTITY, "identity.sh"
);

/// The program without its comment lines and indentation: it is sent on every use.
fn bare(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_stay_at_home() {
        assert_eq!(
            super::bare("# a\nif true; then\n  echo '#'\n\nfi\n"),
            "if true; then\necho '#'\nfi"
        );
    }
}
