//! A real image registry. Must not know which images it will have.

use std::net::SocketAddrV4;
use std::process::Command;
use std::sync::OnceLock;

use crate::address::Address;
use crate::place::Place;
use crate::program::Program;

/// A running registry on an address of 127/8, which engines take as a plain HTTP one.
#[derive(Debug)]
pub struct Registry {
    program: Program,
    _place: Place,
    address: Address,
}

impl Registry {
    /// Starts a registry.
    ///
    /// # Panics
    /// When it does not come up, with what it said.
    #[must_use]
    pub fn start() -> Self {
        let (place, address) = (Place::new(), Address::claim());
        let storage = place.directory("storage");
        let configuration = format!(
            "version: 0.1\nlog: {{level: info}}\nhttp: {{addr: {}}}\nstorage:\n  \
             delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {}}}\n",
            address.port(5000),
            storage.display()
        );
        let file = place.write("registry.yml", &configuration);
        let mut command = Command::new("docker-registry");
        let program = Program::start("docker-registry", command.arg("serve").arg(file));
        program.wait_for("listening on");
        Self { program, _place: place, address }
    }

    /// The registry that the tests of one process share. It is ended with the process.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Registry> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Where it listens; as text, the first part of an image's name.
    #[must_use]
    pub fn address(&self) -> SocketAddrV4 {
        self.address.port(5000)
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }
}
