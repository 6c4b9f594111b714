//! A stateful simulator of Microsoft Entra: the token endpoint, the part of Microsoft Graph that the bot reads, and
//! the provisioning service, which calls Atlassian's SCIM API over real HTTP. It follows the documents, not our
//! client: it refuses what Graph would refuse and records a fault. It must never change Atlassian except by SCIM, and
//! must never accept a write to the directory.

mod answer;
pub mod applications;
mod assertion;
mod assignments;
mod audits;
mod build;
mod cycle;
mod delta;
mod delta_places;
mod delta_stream;
mod directory;
mod engine;
mod expression;
mod filter;
mod functions;
mod groups;
mod index;
mod jobs;
mod limits;
mod logs;
mod mapping;
mod membership;
mod ondemand;
mod outcome;
mod request;
mod routes;
mod scim;
mod state;
mod switches;
#[cfg(test)]
mod tests;
mod token;

pub use audits::{RESTARTED, STARTED, STOPPED};
pub use cycle::tick_cycle;
pub use expression::source as mapping_source;
pub use routes::graph_router;
pub use state::{
    App, Assignment, DEFAULT_ACCESS, Escrow, Export, Group, Job, JobCode, LogEntry, LogError, Member,
    Quarantine, Run, ServicePrincipal, Shared, Step, Subject, USER_ROLE, User,
};
pub use state::{Audit, By, Entra, Registered};
pub use switches::{ExpiredPlace, GuestName, Shape, Switches};
pub use token::login_router;
