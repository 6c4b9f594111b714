//! Generated tenants: a recipe names a value for each dimension and up to two faults, and is drawn from a seed. The
//! same recipe always builds the same tenant, so a failing one can be shrunk and kept as a scenario. The generator also
//! returns the truth: who everything belongs to. It must never use the program's own rules: it would then share the
//! program's mistakes.

mod blueprint;
mod company;
mod dimensions;
pub mod faults;
mod history;
mod people;
mod random;
mod recipe;
mod schema;
mod switches;
mod truth;
mod world;

pub use blueprint::{Blueprint, PersonKind, SecondDirectory, UserDirectories};
pub use recipe::Recipe;
pub use truth::{Human, Truth};
pub use world::{GroupLink, World};

/// The object id of a user object that was deleted. The records of a former identity have it.
pub const FORMER_OBJECT: &str = "deadbeef-0000-4000-8000-00000000beef";
