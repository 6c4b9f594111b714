//! Every scenario with each of its sources refused, one at a time. The source is named, a gap never looks like health,
//! and causes no additional finding. The page of a cause lists the sources that must be readable. The tests check this
//! list: without one of these sources the cause is not found, and without any other source it is still found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use reinstate_core::{Cause, Outcome, Source, Verdict};
use reinstate_sandbox::scenarios::{ALL, Scenario, find};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::asking::{ask, read_by, refuse, start};
use crate::causes::WITHOUT_SCENARIO;
use crate::sample::Sample;

/// The result of one scenario without one source.
struct Without {
    scenario: &'static Scenario,
    source: Source,
    found: BTreeSet<Cause>,
    named: bool,
    verdict: Verdict,
}

impl Without {
    async fn read(scenario: &'static Scenario, source: Source) -> Self {
        let sandbox = start(scenario.tenant()).await;
        refuse(&sandbox, source);
        let (diagnosis, _) = ask(&sandbox, scenario.who).await;
        Self {
            scenario,
            source,
            found: diagnosis.findings.iter().map(|finding| finding.code).collect(),
            named: diagnosis.unread.iter().any(|(unread, reason)| *unread == source && !reason.is_empty()),
            verdict: diagnosis.verdict,
        }
    }

    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.named {
            wrong.push("the source is not named".to_owned());
        }
        if self.verdict == Verdict::Healthy && self.scenario.ends != Outcome::Healthy {
            wrong.push("healthy".to_owned());
        }
        let mut wanted: BTreeSet<Cause> =
            self.scenario.finds.iter().chain(self.scenario.mentions).copied().collect();
        // The record is on another account in both cases. Only the refusal in the log adds the more specific cause.
        if wanted.contains(&Cause::EmailHeldByManagedAccount) {
            wanted.insert(Cause::LinkedToOtherAccount);
        }
        // The account is inactive and linked in both cases. Only the record shows that provisioning did not do it.
        if wanted.contains(&Cause::DeactivatedWhileLinked) {
            wanted.insert(Cause::DeactivatedByIdp);
        }
        wrong.extend(self.found.difference(&wanted).map(|cause| format!("claims {}", cause.code())));
        wrong.iter().map(|w| format!("{} without {}: {w}", self.scenario.name, self.source.name())).collect()
    }
}

async fn sources_of(scenario: &Scenario) -> BTreeSet<Source> {
    let sandbox = start(scenario.tenant()).await;
    ask(&sandbox, scenario.who).await;
    sandbox.wire.calls().iter().filter_map(read_by).collect()
}

/// A sample of the scenarios, without each of the sources that they read.
async fn all(sample: Sample) -> Vec<Without> {
    let turns = Arc::new(Semaphore::new(8));
    let mut runs = JoinSet::new();
    for (_, scenario) in ALL.iter().enumerate().filter(|(place, _)| sample.has(*place)) {
        for source in sources_of(scenario).await {
            let turns = turns.clone();
            runs.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                Without::read(scenario, source).await
            });
        }
    }
    runs.join_all().await
}

/// The scenario for a cause: the one with its name, or else the first one that finds it.
fn story_of(cause: Cause) -> &'static Scenario {
    let finds = |scenario: &&Scenario| scenario.finds.contains(&cause) || scenario.mentions.contains(&cause);
    find(cause.code()).or_else(|| ALL.iter().find(finds)).unwrap()
}

/// The sources that must be readable according to the page of a cause.
fn on_the_page(cause: Cause) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/causes/{}.md", cause.code()));
    let page = std::fs::read_to_string(path).unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix("Must be readable: ")).unwrap();
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_read_is_named_and_proves_nothing() {
    let sample = Sample::one_in(3);
    let all = all(sample).await;
    let stories: BTreeSet<&str> = all.iter().map(|run| run.scenario.name).collect();
    println!("{} stories, each without each source it reads: {} runs", stories.len(), all.len());
    let mut wrong: Vec<String> = all.iter().flat_map(Without::wrong).collect();
    let mut needed: BTreeMap<Cause, BTreeSet<String>> = BTreeMap::new();
    for cause in Cause::ALL.iter().filter(|cause| !WITHOUT_SCENARIO.contains(cause)) {
        let story = story_of(*cause);
        if !stories.contains(story.name) {
            continue;
        }
        let lost = all.iter().filter(|run| run.scenario.name == story.name && !run.found.contains(cause));
        needed.insert(*cause, lost.map(|run| run.source.name().to_owned()).collect());
    }
    for (cause, needed) in &needed {
        let page = on_the_page(*cause);
        if page != *needed {
            wrong.push(format!("{}: needs {needed:?}, and its page says {page:?}", cause.code()));
        }
    }
    assert!(needed.len() >= 5, "{needed:?}");
    if sample.is_whole() {
        let tried: BTreeSet<Source> = all.iter().map(|run| run.source).collect();
        assert_eq!(tried, Source::ALL.iter().copied().collect(), "some source is read by no story");
        assert_eq!(needed.len(), Cause::ALL.len() - WITHOUT_SCENARIO.len());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
