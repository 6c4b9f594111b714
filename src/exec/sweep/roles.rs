//! Joins the lists of role holders with the list of accounts. An account waits until each list that decides about it
//! either contains it or has ended. A list that failed must never make an account look as if it had no role.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::survey::list;
use crate::world::World;
use reinstate_core::sweep::{Census, HeldRoles, Keys, ListedAccount, RoleList};

/// Accounts that wait for the lists of role holders. All lists have the same order, so this is seldom more than one
/// page.
const MAX_WAITING_ACCOUNTS: usize = 25_600;

/// A part of one list of role holders, with the number of the list.
pub(super) enum RolePage {
    Holders(u16, Vec<String>),
    /// The list has ended; early, if there is a reason.
    End(u16, Option<String>),
}

/// Reads one list of role holders to its end.
pub(super) async fn role_holders(
    world: Arc<dyn World>,
    of: RoleList,
    number: u16,
    out: mpsc::Sender<RolePage>,
) {
    let (page, mut pages) = mpsc::channel(1);
    let read = list(|cursor| world.role_holders(&of, cursor), |_| {}, page);
    let forward = async {
        while let Some(page) = pages.recv().await {
            let page = match page {
                Ok(ids) => RolePage::Holders(number, ids),
                Err(why) => return Some(why),
            };
            if out.send(page).await.is_err() {
                break;
            }
        }
        None
    };
    let ((), failure) = tokio::join!(read, forward);
    out.send(RolePage::End(number, failure)).await.ok();
}

#[derive(Default)]
struct List {
    holders: Keys,
    ended: bool,
    failed: bool,
}

struct Waiting {
    listed: ListedAccount,
    /// The lists that decide about the account.
    deciding: Vec<u16>,
}

/// The lists of role holders as far as read, and the accounts that wait for them.
pub(super) struct Roles<'c> {
    census: &'c Census,
    lists: Vec<List>,
    waiting: HashMap<String, Waiting>,
    pub(super) ended: bool,
}

impl<'c> Roles<'c> {
    pub(super) fn new(census: &'c Census) -> Self {
        let count = census.role_lists.as_ref().map_or(0, Vec::len);
        let lists = std::iter::repeat_with(List::default).take(count).collect();
        Self { census, lists, waiting: HashMap::new(), ended: false }
    }

    pub(super) fn is_full(&self) -> bool {
        !self.ended && self.waiting.len() >= MAX_WAITING_ACCOUNTS
    }

    /// Adds holders, and returns those accounts that no longer have to wait.
    pub(super) fn hold(&mut self, number: u16, ids: &[String]) -> Vec<ListedAccount> {
        if let Some(list) = self.lists.get_mut(usize::from(number)) {
            ids.iter().for_each(|id| list.holders.add(id));
        }
        let ready: Vec<&String> = ids
            .iter()
            .filter(|id| self.waiting.get(*id).is_some_and(|waiting| self.is_settled(id, &waiting.deciding)))
            .collect();
        let ready: Vec<Waiting> = ready.into_iter().filter_map(|id| self.waiting.remove(id)).collect();
        ready.into_iter().map(|waiting| self.with_roles(waiting)).collect()
    }

    /// One list has ended. Returns the accounts that waited for it.
    pub(super) fn end_of(&mut self, number: u16, failed: bool) -> Vec<ListedAccount> {
        if let Some(list) = self.lists.get_mut(usize::from(number)) {
            list.ended = true;
            list.failed = failed;
        }
        let ready: Vec<String> = self
            .waiting
            .iter()
            .filter(|(id, waiting)| self.is_settled(id, &waiting.deciding))
            .map(|(id, _)| id.clone())
            .collect();
        let ready: Vec<Waiting> = ready.iter().filter_map(|id| self.waiting.remove(id)).collect();
        ready.into_iter().map(|waiting| self.with_roles(waiting)).collect()
    }

    /// Adds the roles to an account, or lets it wait if they are not known yet.
    pub(super) fn tell(&mut self, listed: ListedAccount) -> Option<ListedAccount> {
        let waiting = Waiting { deciding: self.census.deciding_lists(&listed), listed };
        if self.ended || self.is_settled(&waiting.listed.account.id, &waiting.deciding) {
            return Some(self.with_roles(waiting));
        }
        self.waiting.insert(waiting.listed.account.id.clone(), waiting);
        None
    }

    /// All lists are complete: returns all accounts that still wait.
    pub(super) fn end(&mut self) -> Vec<ListedAccount> {
        self.ended = true;
        let waited = std::mem::take(&mut self.waiting);
        waited.into_values().map(|waiting| self.with_roles(waiting)).collect()
    }

    fn is_settled(&self, id: &str, deciding: &[u16]) -> bool {
        let mut lists = deciding.iter().filter_map(|number| self.lists.get(usize::from(*number)));
        lists.all(|list| list.ended || list.holders.has(id))
    }

    fn with_roles(&self, waiting: Waiting) -> ListedAccount {
        let Waiting { listed, deciding } = waiting;
        let id = &listed.account.id;
        let of = |number: u16| self.lists.get(usize::from(number));
        // If a list was not read to its end, an account that is not on it may still hold the role.
        let unknown = deciding
            .iter()
            .filter_map(|number| of(*number))
            .any(|list| (list.failed || !list.ended) && !list.holders.has(id));
        if unknown || self.census.role_lists.is_none() {
            return ListedAccount { roles: None, ..listed };
        }
        let lists =
            (0_u16..).zip(&self.lists).filter(|(_, list)| list.holders.has(id)).map(|(number, _)| number);
        ListedAccount { roles: Some(HeldRoles { lists: lists.collect() }), ..listed }
    }
}
