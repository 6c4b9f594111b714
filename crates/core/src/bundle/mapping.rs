//! Replaces the constants of mapping expressions, so that an expression gives the replaced value for the replaced
//! person. Where an expression cuts inside a word, that is not possible: its values are then kept in an attribute that
//! no expression uses. A value must never change its relation to a record.

use std::collections::{BTreeMap, BTreeSet};

use super::text::Pseudonymizer;
use crate::evidence::{Evidence, IdpUser, Mapping, Read};
use crate::expression::{Expression, Mapped};

/// An expression that cannot be parsed. It stands for another one that cannot be parsed.
const NOT_PARSED: &str = "?";

impl Pseudonymizer {
    /// The source expression of an attribute.
    pub(super) fn expression(&mut self, text: &str) -> String {
        match Expression::parse(text) {
            Some(expression) => {
                let about_kind =
                    expression.attributes().iter().any(|name| name.eq_ignore_ascii_case("userType"));
                self.constants(expression, about_kind).to_string()
            }
            None => {
                let new = self.sentence(text);
                if Expression::parse(&new).is_none() { new } else { NOT_PARSED.to_owned() }
            }
        }
    }

    fn constants(&mut self, expression: Expression, about_kind: bool) -> Expression {
        let mut inner = |one: Box<Expression>| Box::new(self.constants(*one, about_kind));
        match expression {
            Expression::Attribute(name) => Expression::Attribute(self.attribute(&name)),
            // `Member` and `Guest` are values of `userType`, which stay as they are.
            Expression::Constant(text) if about_kind && is_kind(&text) => Expression::Constant(text),
            Expression::Constant(text) => Expression::Constant(self.constant(&text)),
            Expression::Compare(one, equal, other) => Expression::Compare(inner(one), equal, inner(other)),
            Expression::Call(name, arguments) => {
                let new = arguments.into_iter().enumerate().map(|(at, argument)| match argument {
                    Expression::Constant(count) if is_count(&name, at) => Expression::Constant(count),
                    argument => self.constants(argument, about_kind),
                });
                Expression::Call(name.clone(), new.collect())
            }
        }
    }

    /// The name of an attribute. The names of Microsoft stay; those of an organization are replaced.
    pub(super) fn attribute(&mut self, name: &str) -> String {
        if IdpUser::is_usual(name) { name.to_owned() } else { self.sentence(name) }
    }
}

fn is_kind(text: &str) -> bool {
    ["member", "guest"].iter().any(|kind| text.eq_ignore_ascii_case(kind))
}

/// Whether an argument is a number of characters or a place in a list.
fn is_count(function: &str, at: usize) -> bool {
    match function.to_lowercase().as_str() {
        "left" | "right" | "item" => at == 1,
        "mid" => at == 1 || at == 2,
        _ => false,
    }
}

/// The expressions of a mapping, each with its name in this program.
fn expressions(mapping: &mut Mapping) -> [&mut Option<String>; 4] {
    let Mapping { user_name_from, email_from, external_id_from, active_from, .. } = mapping;
    [user_name_from, email_from, external_id_from, active_from]
}

/// Where a person is found in the evidence: in which list, under which key, at which place.
type Place = (u8, String, usize);

/// All people in the evidence. `key` is applied to the keys of the lists.
fn people(evidence: &mut Evidence, mut key: impl FnMut(&str) -> String) -> Vec<(Place, &mut IdpUser)> {
    let Evidence { users, deleted_users, bearers, owners, .. } = evidence;
    let lists = [(0, String::new(), users), (1, String::new(), deleted_users)];
    let bearers = bearers.iter_mut().map(|(name, read)| (2, name, read));
    let owners = owners.iter_mut().map(|(name, read)| (3, name, read));
    let keyed: Vec<_> = bearers.chain(owners).map(|(list, name, read)| (list, key(name), read)).collect();
    let mut all = Vec::new();
    for (list, name, read) in lists.into_iter().chain(keyed) {
        if let Read::Seen { value, .. } = read {
            let placed = value.iter_mut().enumerate().map(|(at, person)| ((list, name.clone(), at), person));
            all.extend(placed);
        }
    }
    all
}

/// What an expression gives for a person.
fn value(from: &str, person: &IdpUser) -> Mapped {
    Expression::parse(from).map_or(Mapped::Unread, |expression| expression.mapped(person))
}

/// First walk: takes the values of all expressions, because a record may have them.
pub(super) fn collect_values(evidence: &Evidence, by: &mut Pseudonymizer) {
    let mut evidence = evidence.clone();
    let Some(mut mapping) = evidence.mapping.get().cloned() else { return };
    let people = people(&mut evidence, str::to_owned);
    for from in expressions(&mut mapping).into_iter().flatten() {
        for (_, person) in &people {
            value(from, person).all().iter().for_each(|text| drop(by.constant(text)));
        }
    }
}

/// Second walk: makes sure that every expression gives the replaced value for every replaced person.
pub(super) fn keep_values(before: &Evidence, after: &mut Evidence, by: &mut Pseudonymizer) {
    let mut before = before.clone();
    let (Some(mut old), Some(mut new)) = (before.mapping.get().cloned(), after.mapping.get().cloned()) else {
        return;
    };
    let mut used = new.attributes();
    let old_people = people(&mut before, |key| by.person(key));
    let mut new_people = people(after, str::to_owned);
    for (from, to) in expressions(&mut old).into_iter().zip(expressions(&mut new)) {
        let (Some(from), Some(to)) = (from, to) else { continue };
        let wanted: BTreeMap<&Place, Mapped> =
            old_people.iter().map(|(place, person)| (place, replaced(&value(from, person), by))).collect();
        let keeps = new_people.iter().all(|(place, person)| {
            wanted.get(place).is_some_and(|wanted| is_same(wanted, &value(to, person)))
        });
        if !keeps {
            *to = stored(&wanted, &mut new_people, &mut used);
        }
    }
    if let Read::Seen { value, .. } = &mut after.mapping {
        *value = new;
    }
}

fn replaced(mapped: &Mapped, by: &mut Pseudonymizer) -> Mapped {
    match mapped {
        Mapped::One(text) => Mapped::One(by.constant(text)),
        Mapped::Either(all) => Mapped::Either(all.iter().map(|text| by.constant(text)).collect()),
        Mapped::Unread => Mapped::Unread,
        Mapped::Empty => Mapped::Empty,
    }
}

/// The two values of a guest have no order.
fn is_same(one: &Mapped, other: &Mapped) -> bool {
    let set = |mapped: &Mapped| mapped.all().iter().cloned().collect::<BTreeSet<_>>();
    match (one, other) {
        (Mapped::Either(_), Mapped::Either(_)) => set(one) == set(other),
        _ => one == other,
    }
}

/// Stores values in attributes that no expression uses, and returns the expression that reads them. A value that cannot
/// be known, or is one of two, becomes unread.
fn stored(
    wanted: &BTreeMap<&Place, Mapped>,
    people: &mut [(Place, &mut IdpUser)],
    used: &mut BTreeSet<String>,
) -> String {
    let mut free = || {
        let is_free = |name: &&&str| name.starts_with("extension") && !used.contains(**name);
        let name = (*IdpUser::MAPPED_ATTRIBUTES.iter().rev().find(is_free)?).to_owned();
        used.insert(name.clone());
        Some(name)
    };
    let (Some(store), Some(mark)) = (free(), free()) else { return NOT_PARSED.to_owned() };
    let mut is_unread = false;
    for (place, person) in people {
        person.attributes.remove(&store);
        person.attributes.remove(&mark);
        match wanted.get(place) {
            Some(Mapped::One(text)) => drop(person.attributes.insert(store.clone(), text.clone())),
            Some(Mapped::Empty) => {}
            // Only the id of this person may be read, so every attribute is unread already.
            Some(Mapped::Unread) if person.upn.is_none() => {}
            Some(Mapped::Unread | Mapped::Either(_)) | None => {
                is_unread = true;
                person.attributes.insert(mark.clone(), "unread".to_owned());
            }
        }
    }
    if is_unread {
        format!("Switch([{mark}], [{store}], \"unread\", Unread())")
    } else {
        format!("[{store}]")
    }
}
