//! Ports for what is killed and started again at the same place: from below those that the system gives to any program that
//! asks for any, so that nobody takes one while its process is dead.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports below the first that Linux gives away by itself (32768).
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A port nobody listens at, and that no other call in this process answers for long.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Two test programs at the same time begin far from each other.
    let start = std::process::id().wrapping_mul(397);
    for _ in 0..COUNT {
        let next = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("every port from {FIRST} on is taken");
}
