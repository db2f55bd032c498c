//! Loopback addresses: one for each simulated machine, never the same one twice at a time.
//! Must not know who listens on them.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The port whose listener is the claim on an address. Nothing ever connects to it.
const CLAIM_PORT: u16 = 7;

/// Addresses tried from: 127.64.0.1 on, 250 in each of 64 × 256 rows.
const ADDRESSES: u32 = 64 * 256 * 250;

/// An address of 127/8 that nobody else in the lab has, in this process or another.
///
/// The claim is a listening socket, so the kernel arbitrates between processes and takes the
/// claim back with the process.
#[derive(Debug)]
pub struct Address {
    ip: Ipv4Addr,
    _claim: TcpListener,
}

impl Address {
    /// Claims the next free address.
    #[must_use]
    pub fn claim() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let own = std::process::id().wrapping_mul(997);
        for _ in 0..10_000 {
            let number = own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % ADDRESSES;
            let ip = nth(number);
            if let Ok(claim) = TcpListener::bind((ip, claim_port())) {
                return Self { ip, _claim: claim };
            }
        }
        panic!("no loopback address of 127.64.0.0/10 could be claimed on port {}", claim_port())
    }

    /// The address.
    #[must_use]
    pub fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    /// A port of the address.
    #[must_use]
    pub fn port(&self, port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(self.ip, port)
    }
}

/// A port below 1024 needs root; others use one outside of the ephemeral range.
fn claim_port() -> u16 {
    if rustix::process::geteuid().is_root() { CLAIM_PORT } else { 20_000 + CLAIM_PORT }
}

fn nth(number: u32) -> Ipv4Addr {
    let octet = |value: u32| u8::try_from(value).expect("below 256 by construction");
    let row = number / 250;
    Ipv4Addr::new(127, octet(64 + row / 256), octet(row % 256), octet(1 + number % 250))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_in_their_range() {
        assert_eq!(nth(0), Ipv4Addr::new(127, 64, 0, 1));
        assert_eq!(nth(249), Ipv4Addr::new(127, 64, 0, 250));
        assert_eq!(nth(ADDRESSES - 1), Ipv4Addr::new(127, 127, 255, 250));
    }

    #[test]
    fn a_claimed_address_is_not_given_again() {
        let claimed: Vec<Address> = (0..50).map(|_| Address::claim()).collect();
        let distinct: std::collections::BTreeSet<_> = claimed.iter().map(Address::ip).collect();
        assert_eq!(distinct.len(), 50);
        assert!(TcpListener::bind((claimed[0].ip(), claim_port())).is_err());
    }
}
