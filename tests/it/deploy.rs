//! Checks the files in deploy/ and docs/ against the code. Their settings exist in the program, and so do their
//! metrics. Alerts and dashboards use no other metrics. Whether an engine accepts the files is checked by `.ci/deploy`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reinstate::config::{Config, Env, Purpose};

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found
}

/// The words of a text that start with `start`.
fn words<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !part(c))
        .filter(|word| word.starts_with(start) && word.len() > start.len())
        .collect()
}

/// Every metric that the program records, without its tests.
fn recorded() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in files(&top().join("src"), ".rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for call in ["counter!(", "gauge!(", "histogram!("] {
            for rest in text.split(call).skip(1) {
                let name = rest.trim_start().trim_start_matches('"').split('"').next().unwrap();
                all.insert(name.to_owned());
            }
        }
    }
    assert!(all.len() > 15 && all.iter().all(|name| name.starts_with("reinstate_")), "{all:?}");
    all
}

#[test]
fn every_metric_is_documented_and_every_documented_one_is_recorded() {
    let page = read("docs/reference/metrics.md");
    let documented: BTreeSet<String> = words(&page, "reinstate_").into_iter().map(str::to_owned).collect();
    assert_eq!(documented, recorded());
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let recorded = recorded();
    for name in ["deploy/alerts/reinstate.yaml", "deploy/grafana/reinstate.json"] {
        let text = read(name);
        for word in words(&text, "reinstate_") {
            let bare = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
            assert!(recorded.contains(bare.unwrap_or(word)), "{name} asks for {word}");
        }
    }
    let dashboard: serde_json::Value = serde_json::from_str(&read("deploy/grafana/reinstate.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.iter().all(|panel| !panel["targets"].as_array().unwrap().is_empty()));
}

/// The environment that a deployment sets, with files for the secrets.
fn environment(text: &str, folder: &Path) -> Env {
    let mut env = Env::new();
    for name in words(text, "REINSTATE_") {
        if !name.ends_with("_FILE") {
            continue;
        }
        let path = folder.join(name);
        let value =
            if name.contains("STORE__URL") { "postgres://reinstate@db/reinstate" } else { "a-secret" };
        std::fs::write(&path, format!("{value}\n")).unwrap();
        env.insert(name.to_owned(), path.display().to_string());
    }
    env
}

#[test]
fn each_deployment_sets_what_serve_needs_and_nothing_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let example = top().join("deploy/reinstate.example.toml");
    for name in ["deploy/compose.yaml", "deploy/kubernetes/reinstate.yaml", "deploy/reinstate.service"] {
        let text = read(name);
        let env = environment(&text, folder.path());
        assert!(env.len() >= 5, "{name}: {env:?}");
        let config = Config::load(Some(&example), &env, Purpose::Serve);
        let config = config.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert!(config.secrets.entra.is_some() && config.secrets.slack_bot.is_some(), "{name}");
    }
}

#[test]
fn the_config_map_is_a_configuration() {
    let text = read("deploy/kubernetes/configmap.yaml");
    let toml = text.split_once("reinstate.toml: |\n").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reinstate.toml");
    let lines: Vec<&str> = toml.lines().map(|line| line.trim_start()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let env = environment(&read("deploy/kubernetes/reinstate.yaml"), folder.path());
    Config::load(Some(&file), &env, Purpose::Serve).unwrap_or_else(|problems| panic!("{problems}"));
}

/// The headings of a page, in the form that links use.
fn headings(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let titles = text
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|rest| rest.trim_start_matches('#').trim());
    let name = |title: &str| {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    };
    titles.map(name).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    let mut pages = files(&top().join("docs"), ".md");
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "manifests/README.md"] {
        pages.push(top().join(name));
    }
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found =
                path.exists() && (heading.is_empty() || headings(&path).iter().any(|known| known == heading));
            if !found {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
