//! Ports for what is killed and started again at the same place: from below those that the system gives to any program that
//! asks for any, so that nobody takes one while its process is dead.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports below the first that Linux gives away by itself (32768).
const FIRST_PORT: u32 = 20_000;
const PORT_COUNT: u32 = 12_000;

/// A port nobody listens at, and that no other call in this process answers for long.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Two test programs at the same time begin far from each other.
    let start = std::process::id().wrapping_mul(397);
    for _ in 0..PORT_COUNT {
        let next = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST_PORT + next % PORT_COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("every port from {FIRST_PORT} on is taken");
}
