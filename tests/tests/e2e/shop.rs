//! A shop as it stands when somebody is called: hosts with a Compose stack each, on the shared
//! engine, and an operator whose inventory names them. Must not know what is done about it.

use std::fmt::Write as _;
use std::time::Instant;

use runbook_tests::stream::LIMIT;
use runbook_tests::{
    Engine, Finished, HostOptions, Images, Need, Runbook, SshConfig, SshHost, Stack, Terminal,
    ready,
};

use crate::person::DESK;

/// The hosts, their stacks, and the operator.
pub(crate) struct Shop<'engine> {
    /// Who is called; `hosts.toml` is where they work.
    pub(crate) operator: Runbook,
    /// A stack a host, in the order of the hosts.
    pub(crate) stacks: Vec<Stack<'engine>>,
    /// The hosts.
    pub(crate) hosts: Vec<SshHost>,
    _config: SshConfig,
}

impl Shop<'static> {
    /// Whether the machine has what a shop needs.
    #[track_caller]
    pub(crate) fn can_open() -> bool {
        ready(&[Need::Ssh, Need::Docker, Need::Namespaces])
    }

    /// A shop on these hosts that runs a release.
    pub(crate) fn open(tag: &str, names: &[&str]) -> Self {
        Self::open_on(Engine::shared(), Images::shared(), tag, names)
    }

    /// A shop on these hosts in which nothing was started.
    pub(crate) fn closed(tag: &str, names: &[&str]) -> Self {
        Self::build(Engine::shared(), Images::shared(), tag, names)
    }
}

impl<'engine> Shop<'engine> {
    /// A shop on these hosts, this engine and these images, that runs a release.
    pub(crate) fn open_on(
        engine: &'engine Engine,
        images: &Images,
        tag: &str,
        names: &[&str],
    ) -> Self {
        let shop = Self::build(engine, images, tag, names);
        for stack in &shop.stacks {
            stack.up().assert_code(0);
        }
        shop
    }

    fn build(engine: &'engine Engine, images: &Images, tag: &str, names: &[&str]) -> Self {
        let start = |name: &&str| HostOptions::new().engine(engine).start(name);
        let hosts: Vec<SshHost> = names.iter().map(start).collect();
        let stacks = names.iter().map(|_| Stack::new(engine, images, "shop", tag)).collect();
        let config = SshConfig::for_hosts(&hosts.iter().collect::<Vec<_>>());
        let operator = Runbook::new().ssh_config(&config);
        let shop = Self { operator, stacks, hosts, _config: config };
        shop.operator.write("hosts.toml", &shop.inventory());
        shop
    }

    fn inventory(&self) -> String {
        let names: Vec<String> =
            self.hosts.iter().map(|host| format!("{:?}", host.name())).collect();
        let mut text = format!(
            "format = 1\n\n[env.prod]\nvars = {{ url = \"http://{}\" }}\nroles = {{ web = [{}] }}\n",
            self.stacks[0].address(),
            names.join(", ")
        );
        for (host, stack) in self.hosts.iter().zip(&self.stacks) {
            write!(
                text,
                "\n[host.{}]\nvars = {{ dir = {:?}, health = {:?} }}\nexpect = {{ hostname = {:?} }}\n",
                host.name(),
                stack.directory().display().to_string(),
                stack.health_url(),
                host.name(),
            )
            .expect("writing to a string cannot fail");
        }
        text
    }

    /// The only stack.
    pub(crate) fn stack(&self) -> &Stack<'engine> {
        let [stack] = &self.stacks[..] else { panic!("there are several") };
        stack
    }

    /// `runbook VERB rollback-compose -e prod tag=TAG` with a short hold, to its end and without a
    /// terminal.
    #[track_caller]
    pub(crate) fn rollback(&self, verb: &str, tag: &str, more: &[&str]) -> Finished {
        let tag = format!("tag={tag}");
        self.operator.run(&[&rollback(verb, &tag)[..], more].concat())
    }

    /// The same in a terminal.
    pub(crate) fn rollback_by_hand(&self, verb: &str, tag: &str, more: &[&str]) -> Terminal {
        let tag = format!("tag={tag}");
        self.operator.terminal(&[&rollback(verb, &tag)[..], more].concat(), DESK)
    }

    /// Asserts that nothing of the operator's runs is left on any host, connections included.
    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        for host in &self.hosts {
            assert_nothing_left(host);
        }
    }
}

/// Asserts that nothing of a run is left on a host a moment later: sshd and what watched the
/// connection there hear of its end, and end.
#[track_caller]
pub(crate) fn assert_nothing_left(host: &SshHost) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let (connections, processes) = (host.connections(), host.processes());
        if connections.is_empty() && processes.is_empty() {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "left on {}: connections {connections:?}, processes {processes:#?}",
            host.name()
        );
        std::thread::yield_now();
    }
}

fn rollback<'a>(verb: &'a str, tag: &'a str) -> [&'a str; 7] {
    [verb, "rollback-compose", "-e", "prod", tag, "window=2s", "every=500ms"]
}
