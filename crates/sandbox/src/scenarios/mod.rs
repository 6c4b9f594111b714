//! Named stories: what is wrong in the tenant, what a diagnosis must find, and how a repair must end. A scenario
//! is one cause, or the two of its name, and nothing else; a look-alike is healthy and must trigger nothing.

mod account;
mod follow_up;
mod groups;
mod healthy;
mod identity;
mod job;
mod ladder;
mod link;
mod source;

pub use follow_up::{FOLLOW_UPS, FollowUp, follow_up};

use super::tenant::Tenant;
use reinstate_core::{Cause, Outcome};

#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name: the code of its cause, where it has one.
    pub name: &'static str,
    /// What happens, in one line.
    pub title: &'static str,
    pub who: &'static str,
    /// The blocking causes to be found: exactly these.
    pub finds: &'static [Cause],
    /// Findings that block nothing: exactly these.
    pub mentions: &'static [Cause],
    pub ends: Outcome,
    arrange: fn(&mut Tenant),
}

impl Scenario {
    /// The tenant of the story.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        let mut tenant = Tenant::new();
        (self.arrange)(&mut tenant);
        tenant.entra.settle_watermark(crate::clock::now());
        tenant
    }
}

/// A story by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

const JANE: &str = "jane@acme.example";

/// The stories of each room, the seeding case first.
const ROOMS: [&[Scenario]; 8] = [
    link::STORIES,
    identity::STORIES,
    job::STORIES,
    ladder::STORIES,
    source::STORIES,
    account::STORIES,
    groups::STORIES,
    healthy::STORIES,
];

#[allow(clippy::indexing_slicing, reason = "run by the compiler: what is out of bounds does not build")]
const COUNT: usize = {
    let (mut room, mut count) = (0, 0);
    while room < ROOMS.len() {
        count += ROOMS[room].len();
        room += 1;
    }
    count
};

/// Every story in one list, joined by the compiler.
#[allow(clippy::indexing_slicing, reason = "run by the compiler: what is out of bounds does not build")]
static JOINED: [Scenario; COUNT] = {
    let mut all = [link::STORIES[0]; COUNT];
    let (mut room, mut at) = (0, 0);
    while room < ROOMS.len() {
        let mut story = 0;
        while story < ROOMS[room].len() {
            all[at] = ROOMS[room][story];
            (story, at) = (story + 1, at + 1);
        }
        room += 1;
    }
    all
};

/// Every story, the seeding case first.
pub static ALL: &[Scenario] = &JOINED;

/// The stories by the station of the trail where something is wrong, in the order of the trail; those in which nothing
/// is wrong come last.
#[must_use]
pub fn by_station() -> Vec<(&'static str, Vec<&'static Scenario>)> {
    let rooms: [(&str, &[&[Scenario]]); 5] = [
        ("Identity provider", &[source::STORIES]),
        ("Provisioning", &[job::STORIES, ladder::STORIES]),
        ("SCIM record and link", &[link::STORIES, identity::STORIES]),
        ("Atlassian account", &[account::STORIES]),
        ("Groups and apps", &[groups::STORIES]),
    ];
    let broken = |scenario: &&Scenario| {
        !(scenario.finds.is_empty() && scenario.mentions.is_empty()) || scenario.ends != Outcome::Healthy
    };
    let mut parts: Vec<(&str, Vec<&Scenario>)> = rooms
        .into_iter()
        .map(|(station, told)| (station, told.iter().copied().flatten().filter(broken).collect()))
        .collect();
    parts.push(("Nothing is wrong", ALL.iter().filter(|scenario| !broken(scenario)).collect()));
    parts
}
