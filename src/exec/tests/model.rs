//! The world of the executor's tests: a toy tenant behind the `World` trait. It counts every call that changes
//! something, blocks where a process should die, and answers as a test wants.

use std::sync::Mutex;
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::sync::Notify;

use super::tenant::Tenant;
use crate::world::{ActOutcome, ReadScope, World};
use reinstate_core::Op;
use reinstate_core::evidence::Evidence;
use reinstate_core::subject::Subject;

/// The points around one act where a process can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    BeforeBegin,
    AfterBegin,
    AfterAct,
    BeforeSettle,
}

/// The outcome of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    AcceptedInVain,
    NoEffect,
    Refused,
    Later,
    UnknownDone,
    UnknownNotDone,
}

#[derive(Default)]
struct Script {
    sent: Vec<Op>,
    block: Option<(Op, Point)>,
    fates: Vec<(Op, Fate)>,
    looks: Vec<Op>,
    look_takes: Duration,
}

pub struct Model {
    pub tenant: Mutex<Tenant>,
    script: Mutex<Script>,
    /// Notified when the crash point is reached.
    pub reached: Notify,
}

impl Model {
    pub fn new(tenant: Tenant) -> Self {
        Self { tenant: Mutex::new(tenant), script: Mutex::default(), reached: Notify::new() }
    }

    pub fn block_at(&self, op: Op, point: Point) {
        self.script.lock().unwrap().block = Some((op, point));
    }

    /// Sets the outcome of the next call for this op.
    pub fn fate(&self, op: Op, fate: Fate) {
        self.script.lock().unwrap().fates.push((op, fate));
    }

    /// From now on, each read of the effect of a step takes this long.
    pub fn slow_looks(&self, takes: Duration) {
        self.script.lock().unwrap().look_takes = takes;
    }

    /// How often the effect of this op was read.
    pub fn looks(&self, op: &Op) -> usize {
        self.script.lock().unwrap().looks.iter().filter(|looked| *looked == op).count()
    }

    pub fn sent(&self) -> Vec<Op> {
        self.script.lock().unwrap().sent.clone()
    }

    pub fn times(&self, op: &Op) -> usize {
        self.sent().iter().filter(|sent| *sent == op).count()
    }

    async fn pass(&self, op: &Op, point: Point) {
        let blocks = {
            let mut script = self.script.lock().unwrap();
            script.block.take_if(|(wanted, at)| wanted == op && *at == point).is_some()
        };
        if blocks {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl World for Model {
    fn gather(&self, subject: Subject, look: ReadScope) -> BoxFuture<'_, Evidence> {
        Box::pin(async move {
            match &look {
                ReadScope::For(op) => self.pass(op, Point::BeforeBegin).await,
                ReadScope::Effect(op) => {
                    let takes = {
                        let mut script = self.script.lock().unwrap();
                        script.looks.push(op.clone());
                        script.look_takes
                    };
                    tokio::time::sleep(takes).await;
                    self.pass(op, Point::BeforeSettle).await;
                }
                ReadScope::Everything => {}
            }
            let mut tenant = self.tenant.lock().unwrap();
            let evidence = tenant.evidence(subject);
            // An effect that takes long is visible at the second read.
            tenant.tick();
            evidence
        })
    }

    fn act<'a>(&'a self, op: &'a Op, _within: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async move {
            let fate = {
                let mut script = self.script.lock().unwrap();
                script.sent.push(op.clone());
                let at = script.fates.iter().position(|(wanted, _)| wanted == op);
                at.map(|at| script.fates.remove(at).1)
            };
            self.pass(op, Point::AfterBegin).await;
            let why = "said the model".to_owned();
            match fate {
                Some(Fate::AcceptedInVain) => return ActOutcome::Accepted,
                Some(Fate::NoEffect) => return ActOutcome::NoEffect(why),
                Some(Fate::Refused) => return ActOutcome::Refused(why),
                Some(Fate::Later) => return ActOutcome::Later(Some(Duration::ZERO)),
                Some(Fate::UnknownNotDone) => return ActOutcome::Unknown(why),
                Some(Fate::UnknownDone) | None => {}
            }
            let done = self.tenant.lock().unwrap().apply(op);
            self.pass(op, Point::AfterAct).await;
            match (done, fate) {
                (Ok(()), None) => ActOutcome::Accepted,
                (Err(why), None) => ActOutcome::NoEffect(why),
                (_, _) => ActOutcome::Unknown(why),
            }
        })
    }

    fn census<'a>(
        &'a self,
        _: reinstate_core::sweep::Grants,
        _: &'a crate::world::SweepProgress,
    ) -> BoxFuture<'a, reinstate_core::sweep::Census> {
        Box::pin(async { reinstate_core::sweep::Census::default() })
    }

    fn accounts(&self, _: Option<String>) -> BoxFuture<'_, Result<crate::world::Page, String>> {
        Box::pin(async { Ok(crate::world::Page::empty()) })
    }

    fn look<'a>(
        &'a self,
        asked: &'a reinstate_core::sweep::SweepQuery,
        _: &'a reinstate_core::sweep::Census,
    ) -> BoxFuture<'a, Evidence> {
        self.gather(Subject::asked(asked.who.clone()), ReadScope::Everything)
    }
}
