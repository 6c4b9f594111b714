//! Waiting for each other. Every entry is linked to the one before it, so only one transaction can write entries at a
//! time, on either engine; and each commit is a wait for the disk. One task takes out all that wait and writes it in one
//! transaction. Nobody is answered before that has come back, and what the database refuses for one of many must not be
//! refused to the others.

use futures_core::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::queue::Queue;
use super::{Store, StoreError};

/// How many are written together at most, so that the first of them does not wait long for the last.
const MOST: usize = 64;

/// Writes all of it in one transaction, and says what each came to.
pub(super) type Make<T, A> =
    for<'c> fn(&'c mut AnyConnection, Vec<T>) -> BoxFuture<'c, Result<Vec<A>, StoreError>>;

/// One that waits, and who waits for it.
type Waiting<T, A> = (T, oneshot::Sender<Result<A, StoreError>>);

/// Where things of one kind wait for the ones that are being written.
pub(super) struct Together<T, A>(Queue<Waiting<T, A>>);

impl<T, A> Default for Together<T, A> {
    fn default() -> Self {
        Self(Queue::new(1, MOST))
    }
}

impl<T, A> Clone for Together<T, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Store {
    /// Writes something together with all that waits beside it.
    pub(super) async fn together<T, A>(
        &self,
        others: &Together<T, A>,
        item: T,
        make: Make<T, A>,
    ) -> Result<A, StoreError>
    where
        T: Clone + Send + 'static,
        A: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        if let Some(mut server) = others.0.push((item, answer)) {
            let store = self.clone();
            // A task of its own: whoever asked may be cancelled, and others wait as well.
            tokio::spawn(async move {
                loop {
                    let (items, answers): (Vec<_>, Vec<_>) = server.take().into_iter().unzip();
                    if items.is_empty() {
                        return;
                    }
                    let outcomes = store.make_all(items, make).await;
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        // Whoever asked may have been cancelled.
                        answer.send(outcome).ok();
                    }
                }
            });
        }
        answered.await.unwrap_or(Err(StoreError::Interrupted))
    }

    async fn make_all<T, A>(&self, items: Vec<T>, make: Make<T, A>) -> Vec<Result<A, StoreError>>
    where
        T: Clone + Send + 'static,
        A: Send + 'static,
    {
        let all = items.clone();
        match self.write(move |conn| make(conn, all)).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(error) if items.len() > 1 && is_refusal(&error) => {
                let mut outcomes = Vec::with_capacity(items.len());
                for item in items {
                    let alone = self.write(move |conn| make(conn, vec![item])).await;
                    outcomes
                        .push(alone.and_then(|one| one.into_iter().next().ok_or(StoreError::Interrupted)));
                }
                outcomes
            }
            Err(error) => items.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

/// Whether the database answered and did not want what it was given, which may be one of many only.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(cause) if matches!(**cause, sqlx::Error::Database(_)))
}
