//! Waiting for each other. Every entry is linked to the one before it, so only one transaction can write entries at a
//! time, on either engine; and each commit is a wait for the disk. All that wait are one change (`write.rs`), which
//! takes them out at the very moment it is made, and the next one stands in line before anything else can take its
//! place. Nobody is answered before the commit has come back, and what the database refuses for one of many must not be
//! refused to the others.

use std::time::Duration;

use futures_core::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::entry::Head;
use super::journal::lock_head;
use super::queue::{Queue, Server};
use super::timeouts::{self, Ticket};
use super::write::Change;
use super::{Store, StoreError};

/// How many are written together at most, so that the first of them does not wait long for the last.
const MAX_BATCH: usize = 64;

/// Writes all of it in one transaction, and says what each came to.
/// The head of the chain is locked, and its transaction goes on from there.
pub(super) type Make<T, A> =
    for<'c> fn(&'c mut AnyConnection, Head, Vec<T>) -> BoxFuture<'c, Result<Vec<A>, StoreError>>;

/// One that waits, and who waits for it.
struct Waiting<T, A> {
    item: T,
    answer: oneshot::Sender<Result<A, StoreError>>,
    ticket: Ticket,
}

/// Where things of one kind wait for the ones that are being written.
pub(super) struct Batcher<T, A>(Queue<Waiting<T, A>>);

impl<T, A> Default for Batcher<T, A> {
    fn default() -> Self {
        Self(Queue::new(1, MAX_BATCH))
    }
}

impl<T, A> Clone for Batcher<T, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Store {
    /// Writes something together with all that waits beside it.
    pub(super) async fn together<T, A>(
        &self,
        others: &Batcher<T, A>,
        item: T,
        make: Make<T, A>,
    ) -> Result<A, StoreError>
    where
        T: Clone + Send + 'static,
        A: Send + 'static,
    {
        self.together_within(others, item, make, self.patience.answer).await.map_err(|(error, _)| error)
    }

    /// The same, with how long is waited for it. An error comes with whether it is certain that nothing was written,
    /// and that nothing will be.
    pub(super) async fn together_within<T, A>(
        &self,
        others: &Batcher<T, A>,
        item: T,
        make: Make<T, A>,
        limit: Duration,
    ) -> Result<A, (StoreError, bool)>
    where
        T: Clone + Send + 'static,
        A: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket::default();
        if let Some(server) = others.0.push(Waiting { item, answer, ticket: ticket.clone() }) {
            let items = Vec::new();
            self.queue(Box::new(All { store: self.clone(), server, make, items, outcome: None }));
        }
        timeouts::answer(answered, &ticket, limit).await.map_err(|error: StoreError| {
            let certain = error.is_certain() || ticket.give_up();
            (error, certain)
        })
    }
}

/// All that wait, as one change.
struct All<T, A> {
    store: Store,
    server: Server<Waiting<T, A>>,
    make: Make<T, A>,
    items: Vec<Waiting<T, A>>,
    outcome: Option<Result<Vec<A>, StoreError>>,
}

impl<T, A> Change for All<T, A>
where
    T: Clone + Send + 'static,
    A: Send + 'static,
{
    fn make<'c>(&'c mut self, conn: &'c mut AnyConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            // They are taken out when nothing has to be waited for any more: most who give up do so before that.
            let head = match lock_head(conn).await {
                Ok(head) => head,
                Err(error) => {
                    self.outcome = Some(Err(error));
                    return false;
                }
            };
            self.items = self.server.take();
            self.items.retain(|one| one.ticket.begin());
            if self.items.is_empty() {
                self.outcome = Some(Ok(Vec::new()));
                return false;
            }
            let items = self.items.iter().map(|one| one.item.clone()).collect();
            let made = self.outcome.insert((self.make)(conn, head, items).await);
            if made.is_err() {
                self.items.iter().for_each(|one| one.ticket.put_back());
            }
            made.is_ok()
        })
    }

    fn tell(mut self: Box<Self>, written: Result<(), StoreError>) {
        let outcome = match (written, self.outcome.take()) {
            // What the database refused is no trouble with the commit.
            (_, Some(Err(refused))) => Err(refused),
            (Err(error), _) => Err(error),
            (Ok(()), made) => made.unwrap_or(Err(StoreError::Interrupted)),
        };
        if self.items.is_empty() && outcome.is_err() {
            // It was never made, so those that made it stand in line are still waiting; they must be told as well.
            self.items = self.server.take();
        }
        let items = std::mem::take(&mut self.items);
        match outcome {
            Ok(made) => {
                for (one, outcome) in items.into_iter().zip(made) {
                    // The caller may have been cancelled.
                    one.answer.send(Ok(outcome)).ok();
                }
            }
            Err(error) if items.len() > 1 && is_refusal(&error) => {
                tokio::spawn(self.one_by_one(items));
                return;
            }
            Err(error) => {
                for one in items {
                    one.answer.send(Err(error.clone())).ok();
                }
            }
        }
        self.go_on();
    }
}

impl<T, A> All<T, A>
where
    T: Clone + Send + 'static,
    A: Send + 'static,
{
    /// Finds out which of them it is that the database does not want.
    async fn one_by_one(self: Box<Self>, items: Vec<Waiting<T, A>>) {
        let make = self.make;
        for Waiting { item, answer, ticket } in items {
            let begin = ticket.clone();
            let alone = self.store.write(move |conn| {
                Box::pin(async move {
                    let head = lock_head(conn).await?;
                    if !begin.begin() {
                        return Err(StoreError::NoAnswer);
                    }
                    make(conn, head, vec![item]).await
                })
            });
            let alone = alone.await;
            if alone.as_ref().is_err_and(StoreError::is_certain) {
                ticket.put_back();
            }
            let outcome = alone.and_then(|one| one.into_iter().next().ok_or(StoreError::Interrupted));
            answer.send(outcome).ok();
        }
        self.go_on();
    }

    /// Stands in line again for those that have come meanwhile.
    fn go_on(mut self: Box<Self>) {
        if self.server.is_needed() {
            let store = self.store.clone();
            store.queue(self);
        }
    }
}

/// Whether the database answered and did not want what it was given, which may be one of many only.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(cause) if matches!(**cause, sqlx::Error::Database(_)))
}
