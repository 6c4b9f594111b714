//! Named scenarios: what is wrong in the tenant, what a diagnosis must find, and how a repair must end. A scenario
//! has exactly the one or two causes in its name. A healthy scenario must trigger nothing.

mod account;
mod apps;
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
    /// Its name, which is the code of its cause where it has one.
    pub name: &'static str,
    /// What happens, in one line.
    pub title: &'static str,
    pub who: &'static str,
    /// The blocking causes to find: exactly these.
    pub finds: &'static [Cause],
    /// The findings that block nothing: exactly these.
    pub mentions: &'static [Cause],
    pub ends: Outcome,
    arrange: fn(&mut Tenant),
}

impl Scenario {
    /// The tenant of the scenario.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        let mut tenant = Tenant::new();
        (self.arrange)(&mut tenant);
        tenant.entra.settle_watermark(crate::clock::now());
        tenant
    }
}

/// A scenario by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

const JANE: &str = "jane@acme.example";

/// The scenarios of each module. The case that started this project comes first.
const GROUPS: [&[Scenario]; 9] = [
    link::SCENARIOS,
    identity::SCENARIOS,
    job::SCENARIOS,
    ladder::SCENARIOS,
    source::SCENARIOS,
    account::SCENARIOS,
    groups::SCENARIOS,
    apps::SCENARIOS,
    healthy::SCENARIOS,
];

#[allow(clippy::indexing_slicing, reason = "run by the compiler: what is out of bounds does not build")]
const COUNT: usize = {
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// Every scenario in one list, joined at compile time.
#[allow(clippy::indexing_slicing, reason = "run by the compiler: what is out of bounds does not build")]
static JOINED: [Scenario; COUNT] = {
    let mut all = [link::SCENARIOS[0]; COUNT];
    let (mut group, mut at) = (0, 0);
    while group < GROUPS.len() {
        let mut scenario = 0;
        while scenario < GROUPS[group].len() {
            all[at] = GROUPS[group][scenario];
            (scenario, at) = (scenario + 1, at + 1);
        }
        group += 1;
    }
    all
};

/// Every scenario. The case that started this project comes first.
pub static ALL: &[Scenario] = &JOINED;

/// The scenarios by the station of the trail where something is wrong, in the order of the trail. The healthy ones
/// come last.
#[must_use]
pub fn by_station() -> Vec<(&'static str, Vec<&'static Scenario>)> {
    let rooms: [(&str, &[&[Scenario]]); 5] = [
        ("Identity provider", &[source::SCENARIOS]),
        ("Provisioning", &[job::SCENARIOS, ladder::SCENARIOS]),
        ("SCIM record and link", &[link::SCENARIOS, identity::SCENARIOS]),
        ("Atlassian account", &[account::SCENARIOS]),
        ("Groups and apps", &[groups::SCENARIOS, apps::SCENARIOS]),
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
