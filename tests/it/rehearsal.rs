//! A case can be rehearsed: the tenant that `sandbox --from` arranges from a bundle gives the same diagnosis as the
//! tenant that the bundle was made from.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reinstate_core::bundle::{Bundle, Codes};
use reinstate_core::{Source, diagnose};
use reinstate_sandbox::case::arrange;
use reinstate_sandbox::scenarios::ALL;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::asking::{config, gather, start};

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_can_be_arranged_from_its_bundle() {
    let mut wrong = Vec::new();
    for scenario in ALL {
        let sandbox = start(scenario.tenant()).await;
        let rules = config(&sandbox).rules();
        let evidence = gather(&sandbox, scenario.who).await;
        let bundle = Bundle::new(&evidence, &rules, None, "0", [5; 32]);
        let arranged = arrange(&bundle.evidence, reinstate::clock::now());
        let rehearsal = start(arranged.tenant).await;
        let again = gather(&rehearsal, &arranged.who).await;
        let (live, rehearsed) = (Codes::of(&evidence, &rules), Codes::of(&again, &rules));
        if live != rehearsed {
            let unread: Vec<(Source, String)> = diagnose(&again).unread;
            wrong.push(format!(
                "{}: {rehearsed:?}\n  is not {live:?}\n  left out {:?}\n  unread {unread:?}",
                scenario.name, arranged.left_out
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ALL.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_begins_with_the_case_and_says_what_is_not_in_the_bundle() {
    reinstate::upstream::install_tls();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/bundle-1.json");
    let bundle = Bundle::parse(&std::fs::read(&file).unwrap()).unwrap();
    let who = bundle.evidence.subject.who.text().to_owned();
    let mut bundle = serde_json::to_value(&bundle).unwrap();
    bundle["evidence"]["domains"] = serde_json::json!({"gap": {"reason": "403 Forbidden", "request": null}});
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("case.json"), bundle.to_string()).unwrap();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(["sandbox", "--from", "case.json"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines: Vec<String> = Vec::new();
    while !lines.last().is_some_and(|line| line.contains("Ctrl-C")) {
        lines.push(said.next_line().await.unwrap().expect("the program says its address"));
    }
    let told = lines.join("\n");
    assert!(told.contains(&who) && told.contains("atlassian.domains was not read: 403 Forbidden."), "{told}");
    let url =
        lines.iter().find_map(|line| line.find("http://").map(|at| line[at..].trim().to_owned())).unwrap();
    let page = async {
        loop {
            match reqwest::get(&url).await {
                Ok(answer) => break answer.text().await.unwrap(),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    let page = page.await;
    for wanted in [who.as_str(), "your-case", "What the bundle does not hold", "403 Forbidden"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let damaged = tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(["sandbox", "--from", "gone.json"])
        .env_clear()
        .output()
        .await
        .unwrap();
    assert_eq!(damaged.status.code(), Some(1), "{damaged:?}");
}
