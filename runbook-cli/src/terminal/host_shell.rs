//! A shell for the person, on the host a card is about: their own `ssh` to the same destination, or
//! their own shell where that is this machine. Must not know why they want it.

use std::ffi::OsString;
use std::path::Path;

use runbook_core::base::{HostName, SafeText};
use runbook_core::plan::Destination;
use tokio::process::Command;

use super::prompt::Tty;
use super::shell::Shell;
use super::theme::{LIVE, WARN, paint};

/// What `ssh` ends with when there is no connection.
const NO_CONNECTION: i32 = 255;

/// Gives the terminal to a shell on the host until it ends.
pub(crate) async fn open(
    shell: &Shell,
    tty: &Tty,
    host: &HostName,
    destination: &Destination,
    config: Option<&Path>,
) {
    let (program, arguments) = command(destination, config, std::env::var_os("SHELL"));
    let leave = paint(LIVE, "exit");
    shell.err(&format!(
        "\n A shell on {host}: it is recorded that you have it. {leave} comes back.\n"
    ));
    let mut command = Command::new(&program);
    command.args(&arguments).kill_on_drop(true);
    let why = match tty.lend(command).await {
        Ok(status) if status.code() == Some(NO_CONNECTION) => "there was no connection".to_owned(),
        Ok(_) => return shell.err(&format!("\n Back from {host}.\n")),
        Err(error) => format!("{} does not start: {error}", program.display()),
    };
    shell.err(&format!("\n {} {}\n", paint(WARN, "no shell:"), SafeText::line(why)));
}

/// The command line.
fn command(
    destination: &Destination,
    config: Option<&Path>,
    own: Option<OsString>,
) -> (OsString, Vec<OsString>) {
    match destination {
        Destination::Local => {
            (own.filter(|own| !own.is_empty()).unwrap_or_else(|| "/bin/sh".into()), vec![])
        }
        Destination::Ssh(target) => {
            let config = config.map(|file| ["-F".into(), file.into()]);
            let target = ["--".into(), target.into()];
            ("ssh".into(), config.into_iter().flatten().chain(target).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_way_the_run_itself_takes() {
        let ssh = Destination::Ssh("deploy@app2".to_owned());
        let (program, arguments) = command(&ssh, Some(Path::new("/a")), Some("/bin/zsh".into()));
        assert_eq!(
            (program, arguments),
            ("ssh".into(), ["-F", "/a", "--", "deploy@app2"].map(Into::into).to_vec())
        );
        assert_eq!(command(&ssh, None, None).1, ["--", "deploy@app2"]);
        let (program, arguments) = command(&Destination::Local, None, Some("/bin/zsh".into()));
        assert_eq!((program, arguments), ("/bin/zsh".into(), vec![]));
        for none in [None, Some("".into())] {
            assert_eq!(command(&Destination::Local, None, none).0, "/bin/sh");
        }
    }
}
