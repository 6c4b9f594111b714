//! A recipe for one tenant, as names: of values that are not the ordinary ones, of faults, and of a source that is
//! refused. Names can be printed, shrunk, and written into a scenario.

use std::collections::BTreeMap;

use reinstate_core::Source;

use super::blueprint::Blueprint;
use super::company::build;
use super::dimensions::{DIMENSIONS, Dimension};
use super::faults;
use super::random::Random;
use super::switches::{FLIPS, OTHERS};
use super::world::World;

/// How often a dimension has another value than the ordinary one, in percent.
const UNUSUAL: usize = 18;
/// The same for an open question.
const OTHER_ANSWER: usize = 12;
/// How often one source is refused.
const REFUSED: usize = 8;

/// The questions that decide what a write does.
const EFFECTS: &[&str] = &[
    "atlassian.delete_refused_while_linked",
    "atlassian.forget_keeps_active",
    "atlassian.create_links_inactive",
    "atlassian.create_links_pending",
    "atlassian.relink_on_update",
    "atlassian.relink_restores_groups",
    "entra.rematch_when_gone",
    "entra.compare_with_target",
    "entra.resend_known_member",
    "entra.restart_resends_members",
    "entra.booleans_as_strings",
];

/// The sources that can be refused. Others are refused by their own dimensions.
const REFUSABLE: &[Source] = Source::ALL;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The values by dimension.
    pub values: BTreeMap<&'static str, &'static str>,
    pub faults: Vec<&'static str>,
    /// A source that answers 403.
    pub refused: Option<Source>,
}

fn dimensions() -> impl Iterator<Item = &'static Dimension> {
    DIMENSIONS.iter().chain(FLIPS).chain(OTHERS)
}

impl Recipe {
    /// The recipe of a seed.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut recipe = Self::default();
        for (share, table) in [(UNUSUAL, DIMENSIONS), (OTHER_ANSWER, FLIPS), (OTHER_ANSWER, OTHERS)] {
            for dimension in table {
                let others = dimension.choices.len().saturating_sub(1);
                if random.chance(share)
                    && let Some((name, _)) = dimension.choices.get(random.below(others).saturating_add(1))
                {
                    recipe.values.insert(dimension.name, name);
                }
            }
        }
        let all: Vec<&'static str> = faults::all().map(|fault| fault.name).collect();
        let count = match random.below(4) {
            0 => 0,
            3 => 2,
            _ => 1,
        };
        for _ in 0..count {
            if let Some(name) = all.get(random.below(all.len()))
                && !recipe.faults.contains(name)
            {
                recipe.faults.push(name);
            }
        }
        if random.chance(REFUSED) {
            recipe.refused = REFUSABLE.get(random.below(REFUSABLE.len())).copied();
        }
        recipe
    }

    /// The recipe that a scenario names. Unknown names are left out, and a test holds that there are none.
    #[must_use]
    pub fn named(values: &[(&str, &str)], faults: &[&str]) -> Self {
        let mut recipe = Self::default();
        for (wanted, value) in values {
            let dimension = dimensions().find(|dimension| dimension.name == *wanted);
            let choice = dimension.and_then(|dimension| dimension.choices.iter().find(|one| one.0 == *value));
            if let (Some(dimension), Some((name, _))) = (dimension, choice) {
                recipe.values.insert(dimension.name, name);
            }
        }
        recipe.faults = faults.iter().filter_map(|name| faults::find(name)).map(|fault| fault.name).collect();
        recipe
    }

    /// Builds the tenant.
    #[must_use]
    pub fn world(&self) -> World {
        self.build(false)
    }

    /// Builds the tenant with the staff of the help desk in it, for tests of the whole bot.
    #[must_use]
    pub fn world_with_staff(&self) -> World {
        self.build(true)
    }

    /// The same recipe with the other answer to every question that decides what a write does. What can be read before
    /// the first write is the same.
    #[must_use]
    pub fn with_other_effects(&self) -> Self {
        let mut other = self.clone();
        for dimension in FLIPS.iter().filter(|dimension| EFFECTS.contains(&dimension.name)) {
            if other.values.remove(dimension.name).is_none()
                && let Some((flipped, _)) = dimension.choices.get(1)
            {
                other.values.insert(dimension.name, flipped);
            }
        }
        other
    }

    fn build(&self, staff: bool) -> World {
        let mut blueprint = Blueprint::default();
        for dimension in dimensions() {
            let value = self.values.get(dimension.name);
            let choice = value.and_then(|value| dimension.choices.iter().find(|one| one.0 == *value));
            if let Some((_, set)) = choice {
                set(&mut blueprint);
            }
        }
        let mut world = build(&blueprint, staff);
        for fault in self.faults.iter().filter_map(|name| faults::find(name)) {
            if (fault.inject)(&mut world) {
                world.injected.push(fault);
            }
        }
        world.tenant.entra.settle_watermark(crate::clock::now());
        world
    }

    /// Every recipe that is simpler by one step, the most promising first: without a fault, without the refused source,
    /// or with one dimension back to its ordinary value.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in 0..self.faults.len() {
            let mut less = self.clone();
            less.faults.remove(at);
            all.push(less);
        }
        if self.refused.is_some() {
            all.push(Self { refused: None, ..self.clone() });
        }
        for name in self.values.keys() {
            let mut less = self.clone();
            less.values.remove(name);
            all.push(less);
        }
        all
    }

    /// The line by which a test keeps this tenant (`tests/it/generated/kept.rs`).
    #[must_use]
    pub fn code(&self) -> String {
        let values: Vec<String> =
            self.values.iter().map(|(name, value)| format!("(\"{name}\", \"{value}\")")).collect();
        let faults: Vec<String> = self.faults.iter().map(|name| format!("\"{name}\"")).collect();
        let refused = self.refused.map(|source| format!(" // and {} answers 403", source.name()));
        format!(
            "kept(\"NAME\", &[{}], &[{}]),{}",
            values.join(", "),
            faults.join(", "),
            refused.unwrap_or_default()
        )
    }
}

impl std::fmt::Display for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values = self.values.iter().map(|(name, value)| format!("{name}={value}"));
        let faults = self.faults.iter().map(|name| format!("fault {name}"));
        let refused = self.refused.iter().map(|source| format!("refused {}", source.name()));
        let all: Vec<String> = values.chain(faults).chain(refused).collect();
        f.write_str(if all.is_empty() { "the ordinary tenant" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_recipe_and_the_recipe_the_same_tenant() {
        for seed in 0..200 {
            let recipe = Recipe::drawn(seed);
            assert_eq!(recipe, Recipe::drawn(seed));
            let (one, two) = (recipe.world(), recipe.world());
            assert_eq!(one.tenant.atlassian.snapshot(), two.tenant.atlassian.snapshot(), "{recipe}");
            assert_eq!(one.tenant.entra.snapshot(), two.tenant.entra.snapshot(), "{recipe}");
            assert_eq!(one.who, two.who);
        }
    }

    #[test]
    fn every_value_and_every_fault_can_be_named_and_changes_the_tenant_it_is_for() {
        let shown = |recipe: &Recipe| {
            let world = recipe.world();
            let job = world.tenant.entra.service_principals.values().map(|one| format!("{one:?}"));
            let people =
                format!("{:?}{:?}", world.tenant.atlassian.accounts, world.tenant.atlassian.switches);
            let places =
                format!("{:?}{:?}", world.tenant.atlassian.more_directories, world.tenant.atlassian.groups);
            let records =
                format!("{:?}{:?}", world.tenant.atlassian.directories, world.tenant.atlassian.scim_users);
            let (apps, switches) = (&world.tenant.entra.apps, &world.tenant.entra.switches);
            let rest = format!("{apps:?}{switches:?}{:?}", world.tenant.entra.assignments);
            let groups = format!("{:?}{:?}", world.tenant.entra.groups, world.tenant.atlassian.workspaces);
            format!(
                "{} {} {} {people} {places} {records} {rest} {groups} {:?} {:?} {} {:?}",
                world.tenant.atlassian.snapshot(),
                world.tenant.entra.snapshot(),
                job.collect::<String>(),
                world.tenant.with_key,
                world.tenant.without_key,
                world.who,
                world.tenant.entra.log.iter().map(|entry| (&entry.status, &entry.action)).collect::<Vec<_>>(),
            )
        };
        let ordinary = shown(&Recipe::default());
        let mut unchanged = Vec::new();
        for dimension in dimensions() {
            for (value, _) in dimension.choices.iter().skip(1) {
                let recipe = Recipe::named(&[(dimension.name, value)], &[]);
                assert_eq!(recipe.values.len(), 1);
                if shown(&recipe) == ordinary {
                    unchanged.push(format!("{}={value}", dimension.name));
                }
            }
        }
        // In an ordinary tenant, the user name is the address.
        assert_eq!(unchanged, ["asked-by=name"]);
        for fault in faults::all() {
            assert_eq!(Recipe::named(&[], &[fault.name]).faults, [fault.name]);
        }
    }

    #[test]
    fn every_simpler_recipe_has_less_and_the_ordinary_one_has_none() {
        for seed in 0..50 {
            let recipe = Recipe::drawn(seed);
            let size = |recipe: &Recipe| {
                recipe.values.len() + recipe.faults.len() + usize::from(recipe.refused.is_some())
            };
            let simpler = recipe.simpler();
            assert_eq!(simpler.len(), size(&recipe));
            assert!(simpler.iter().all(|less| size(less) + 1 == size(&recipe)));
        }
        assert!(Recipe::default().simpler().is_empty());
    }
}
