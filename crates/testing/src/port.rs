//! Ports for servers that a test kills and starts again at the same address. They lie below the range from which the
//! system assigns free ports, so that no other program takes one while its server is dead.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// The range lies below the first port that Linux assigns automatically (32768).
const FIRST_PORT: u32 = 20_000;
const PORT_COUNT: u32 = 12_000;

/// A port without a listener. Other calls in this process do not return it again for a long time.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Concurrent test programs start at different places in the range.
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
