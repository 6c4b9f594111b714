//! A simulated Atlassian, Entra ID and Slack behind real HTTP, so that the bot can be tried and tested with no
//! credentials. The fakes come from the reference documents, not from what our client happens to send: an
//! unknown call, a wrong method, a missing scope or a wrong key is an error here as it would be outside, and is
//! written down as a fault. This room is reachable from the `sandbox` command and from tests only.

pub mod atlassian;
pub mod clock;
pub mod entra;
pub mod external_id;
pub mod folder;
pub mod large_org;
pub mod scenarios;
pub mod services;
pub mod slack;
pub mod tenant;
pub mod wire;

pub use services::Sandbox;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks without a panic: a poisoned lock of a simulator still holds usable state.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
