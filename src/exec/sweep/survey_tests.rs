//! Tests of the list of accounts, with a world whose pages hold one account or none.

use std::sync::Mutex;

use futures_core::future::BoxFuture;

use super::*;
use crate::world::{ActOutcome, ReadScope};
use reinstate_core::evidence::Account;
use reinstate_core::sweep::Grants;
use reinstate_core::{Evidence, Op, Subject};

/// Pages by number. The last one leads to `last_leads_to`. Page 1 fails to parse `garbled` times.
struct Pages {
    last_leads_to: Option<&'static str>,
    garbled: Mutex<u32>,
    heard: Arc<Mutex<Vec<String>>>,
}

const LAST: usize = 2;

impl World for Pages {
    fn gather(&self, subject: Subject, _: ReadScope) -> BoxFuture<'_, Evidence> {
        Box::pin(async { Evidence::new(subject, jiff::Timestamp::UNIX_EPOCH) })
    }

    fn act<'a>(&'a self, _: &'a Op, _: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async { ActOutcome::Refused("this world only lists".to_owned()) })
    }

    fn census<'a>(&'a self, _: Grants, _: &'a SweepProgress) -> BoxFuture<'a, Census> {
        Box::pin(async { Census::default() })
    }

    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        Box::pin(async move {
            let number: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
            self.heard.lock().unwrap().push(format!("asked {number}"));
            let next = if number == LAST {
                self.last_leads_to.map(str::to_owned)
            } else {
                Some((number + 1).to_string())
            };
            let mut left = self.garbled.lock().unwrap();
            let garbled = number == 1 && *left > 0;
            *left -= u32::from(garbled);
            let heard = Arc::clone(&self.heard);
            let read = Box::new(move || {
                heard.lock().unwrap().push(format!("read {number}"));
                if garbled {
                    return Err("garbled".to_owned());
                }
                let account = Account { id: number.to_string(), ..Account::default() };
                Ok(vec![ListedAccount { account, roles: None }])
            });
            Ok(Page { next, read })
        })
    }

    fn look<'a>(&'a self, asked: &'a SweepQuery, _: &'a Census) -> BoxFuture<'a, Evidence> {
        self.gather(Subject::asked(asked.who.clone()), ReadScope::Everything)
    }
}

/// The requests that the world received, and what was listed: ids, or the reason why the list ended.
async fn listed(last_leads_to: Option<&'static str>, garbled: u32) -> (String, Vec<String>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let world = Pages { last_leads_to, garbled: Mutex::new(garbled), heard: Arc::clone(&heard) };
    let (out, mut pages) = mpsc::channel(100);
    list(|cursor| world.accounts(cursor), |_| {}, out).await;
    let mut said = Vec::new();
    while let Some(page) = pages.recv().await {
        match page {
            Ok(accounts) => said.extend(accounts.into_iter().map(|listed| listed.account.id)),
            Err(why) => said.push(why),
        }
    }
    let heard = heard.lock().unwrap().join(", ");
    (heard, said)
}

#[tokio::test]
async fn the_next_page_is_asked_for_before_this_one_is_read() {
    let (heard, said) = listed(None, 0).await;
    assert_eq!(heard, "asked 0, asked 1, read 0, asked 2, read 1, read 2");
    assert_eq!(said, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_list_that_runs_in_a_circle_is_left_at_once() {
    let (heard, said) = listed(Some("1"), 0).await;
    assert_eq!(heard.matches("asked").count(), 3, "{heard}");
    assert_eq!(said, ["0", "1", "2", "the list of accounts comes back to a page that was read"]);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_asked_for_once_more_from_the_start() {
    assert_eq!(listed(None, 1).await.1, ["0", "0", "1", "2"]);
    let (heard, said) = listed(None, 9).await;
    assert_eq!(said, ["0", "0", "garbled"]);
    assert_eq!(heard.matches("asked 0").count(), 2, "{heard}");
}
