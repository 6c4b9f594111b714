//! A simulated Atlassian, Entra ID and Slack behind real HTTP, to try and test the bot without credentials. The
//! simulators follow the reference documents, not the requests of our client. An unknown call, a wrong method, a
//! missing scope or a wrong key is an error, as in the real service. It is also recorded as a fault. Only the
//! `sandbox` command and tests may use this crate.

pub mod atlassian;
pub mod case;
pub mod clock;
pub mod entra;
pub mod external_id;
pub mod folder;
pub mod generator;
pub mod in_process;
pub mod large_org;
pub mod oracle;
pub mod scenarios;
pub mod services;
pub mod slack;
pub mod tenant;
pub mod wire;

pub use services::Sandbox;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks without a panic: the state in a poisoned lock of a simulator is still usable.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
