//! The peer: a program that does nothing but connect with the `openssh` library and run one command
//! a step through its multiplexer. Must not know the engine.

use std::path::Path;
use std::process::Command;

use openssh::{KnownHosts, SessionBuilder};

use crate::runbooks::READ;

/// The word by which this benchmark's own binary becomes the peer.
pub(crate) const WORD: &str = "bare";

/// The peer as a command.
pub(crate) fn command(config: &Path, host: &str, steps: usize) -> Command {
    let own = std::env::current_exe().expect("a benchmark knows its own file");
    let mut command = Command::new(own);
    command.arg(WORD).arg(config).args([host, &steps.to_string()]);
    command
}

/// What the peer does: `CONFIG HOST STEPS`.
pub(crate) fn run(words: &[String]) {
    let [config, host, steps] = words else { panic!("bare CONFIG HOST STEPS") };
    let steps: usize = steps.parse().expect("STEPS is a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let mut builder = SessionBuilder::default();
        builder.config_file(config).known_hosts_check(KnownHosts::Strict);
        let session = builder.connect_mux(host).await.expect("the host is there");
        for _ in 0..steps {
            let output = session.raw_command(READ).output().await.expect("it can be read");
            assert!(output.status.success(), "{output:?}");
        }
        session.close().await.expect("it can be closed");
    });
}
