//! Everything we ask of Atlassian and Microsoft, as typed functions over one way out ([`http`]). It must never
//! decide anything: it reports what was said, or why nothing could be read.

pub mod entra;
pub mod error;
pub mod http;

mod lax;
pub mod literal;
pub mod pace;
#[cfg(test)]
mod probe;
pub mod token;

pub use error::CallError;
