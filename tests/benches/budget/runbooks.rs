//! The runbooks that are measured, and the operator who runs them. Must not know what is measured.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use runbook_tests::{Runbook, SshConfig, SshHost};

/// A small read that every host can do.
pub(crate) const READ: &str = "cat /proc/loadavg";

/// The command itself: what the lab starts is `env`, which becomes it and costs something first.
pub(crate) fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a benchmark knows its own file");
    // target/<profile>/deps/<benchmark>
    own.ancestors().nth(2).expect("cargo puts benchmarks under deps").join("runbook")
}

/// The runbook that stands for a normal one.
pub(crate) fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runbooks/rollback-compose.toml")
}

/// A runbook of so many steps with what steps usually have: a template, an edge, a capture, an
/// undo, a verification.
pub(crate) fn varied(steps: usize) -> String {
    let mut text = "format = 1\ntitle = \"Many steps\"\nuse_when = \"A measurement is due.\"\n\n\
        [role.web]\nhelp = \"hosts\"\n\n[param.dir]\ntype = \"path\"\ndefault = \"/srv/app\"\n\n\
        [param.tag]\ntype = \"version\"\nexample = \"v1.2.3\"\n\n\
        [defaults]\non = \"web\"\ncwd = \"{{ dir }}\"\n"
        .to_owned();
    for step in 0..steps {
        let title = format!("Step {step} for {{{{ tag }}}}");
        write!(text, "\n[[step]]\nid = \"s{step}\"\ntitle = \"{title}\"\n").expect(INFALLIBLE);
        if step % 2 == 0 {
            write!(
                text,
                "read = '''\nsed -n \"s/^TAG=//p\" \"$dir/.env\" | while read -r line; do\n  \
                 if [ \"$line\" = \"$tag\" ]; then echo \"$line\"; fi\ndone\n'''\n\
                 capture = {{ seen{step} = {{ type = \"version\", same_on_all_hosts = true }} }}\n",
            )
            .expect(INFALLIBLE);
        } else {
            let before = step - 1;
            write!(
                text,
                "needs = [\"s{before}\"]\n\
                 change = 'printf \"%s\\n\" \"$seen{before}\" >\"$dir/tag.{step}\"'\n\
                 verify = {{ read = 'cat \"$dir/tag.{step}\"', expect = \"{{{{ seen{before} }}}}\" }}\n\
                 undo = 'rm -f \"$dir/tag.{step}\"'\ntimeout = \"30s\"\n",
            )
            .expect(INFALLIBLE);
        }
    }
    text
}

/// A runbook of so many reads, one after the other.
pub(crate) fn reads(steps: usize) -> String {
    let mut text = "format = 1\ntitle = \"Reads\"\nuse_when = \"A measurement is due.\"\n\n\
        [role.web]\nhelp = \"hosts\"\n\n[defaults]\non = \"web\"\n"
        .to_owned();
    for step in 0..steps {
        let title = format!("title = \"Read {step}\"");
        write!(text, "\n[[step]]\nid = \"s{step}\"\n{title}\nread = '{READ}'\n").expect(INFALLIBLE);
    }
    text
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// An operator who can reach the hosts.
pub(crate) struct Operator {
    runbook: Runbook,
    config: SshConfig,
    hosts: String,
}

impl Operator {
    /// With a runbook in the current directory.
    pub(crate) fn of(hosts: &[SshHost], text: &str) -> Self {
        let config = SshConfig::for_hosts(&hosts.iter().collect::<Vec<_>>());
        let runbook = Runbook::new().ssh_config(&config);
        runbook.write("measured.toml", text);
        let names: Vec<&str> = hosts.iter().map(SshHost::name).collect();
        Self { runbook, config, hosts: format!("web={}", names.join(",")) }
    }

    /// `runbook run` of it on all hosts, with nobody at a terminal.
    pub(crate) fn run(&self) -> Command {
        self.runbook.command(&["run", "measured.toml", "--host", &self.hosts, "--yes"])
    }

    /// How they reach the hosts.
    pub(crate) fn config(&self) -> &Path {
        self.config.path()
    }
}
