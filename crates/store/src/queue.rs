//! A queue of items to write. The caller that adds an item may get a server, which it must use to take items out.
//! While enough servers are at work, no further one is started, so only items pile up under load. The queue must
//! never lose its last server: a server that panics, or whose runtime ends, makes room for the next one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A queue with at most `servers` servers, each of which takes at most `most` items at once.
pub(super) struct Queue<T> {
    state: Arc<Mutex<State<T>>>,
    servers: usize,
    most: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    serving: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(servers: usize, most: usize) -> Self {
        let state = State { waiting: VecDeque::new(), serving: 0 };
        Self { state: Arc::new(Mutex::new(state)), servers, most }
    }

    /// Adds an item at the end. A caller that gets a server must take items out until the queue is empty.
    pub(super) fn push(&self, item: T) -> Option<Server<T>> {
        let mut state = self.lock();
        state.waiting.push_back(item);
        if state.serving >= self.servers {
            return None;
        }
        state.serving += 1;
        Some(Server { queue: self.clone(), at_work: true })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), servers: self.servers, most: self.most }
    }
}

/// Takes items out of a queue.
pub(super) struct Server<T> {
    queue: Queue<T>,
    at_work: bool,
}

impl<T> Server<T> {
    /// The items that have waited longest. If there are none, this server ends, and the next caller gets a new one.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut state = self.queue.lock();
        let count = state.waiting.len().min(self.queue.most);
        state.let_go_if_idle(&mut self.at_work);
        state.waiting.drain(..count).collect()
    }

    /// Whether an item waits. If none does, this server ends.
    pub(super) fn is_needed(&mut self) -> bool {
        self.queue.lock().let_go_if_idle(&mut self.at_work);
        self.at_work
    }
}

impl<T> State<T> {
    /// The end of a server is decided under the lock, so that the next caller sees it.
    fn let_go_if_idle(&mut self, at_work: &mut bool) {
        if self.waiting.is_empty() && *at_work {
            self.serving -= 1;
            *at_work = false;
        }
    }
}

impl<T> Drop for Server<T> {
    fn drop(&mut self) {
        if self.at_work {
            self.queue.lock().serving -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_serves_until_nothing_waits_and_is_replaced_if_it_goes_before() {
        let queue = Queue::new(1, 2);
        let mut server = queue.push(1).expect("the first must be taken out by somebody");
        assert!(queue.push(2).is_none() && queue.push(3).is_none());
        assert_eq!((server.take(), server.take()), (vec![1, 2], vec![3]));
        assert!(queue.push(4).is_none(), "it still serves");
        assert_eq!((server.take(), server.take()), (vec![4], vec![]));
        let next = queue.push(5).expect("nobody serves any more");
        drop(next);
        drop(server);
        let mut last = queue.push(6).expect("the one that went before its time is replaced");
        assert!(queue.push(7).is_none());
        assert_eq!((last.take(), last.is_needed(), last.take()), (vec![5, 6], true, vec![7]));
        assert!(!last.is_needed(), "nothing waits");
        let mut once_more = queue.push(8).expect("it was told that nothing waits");
        assert!(once_more.is_needed() && queue.push(9).is_none());
    }

    #[test]
    fn so_many_serve_at_once() {
        let queue = Queue::new(2, 1);
        let servers = [queue.push(1), queue.push(2), queue.push(3)];
        assert_eq!(servers.iter().flatten().count(), 2);
    }
}
