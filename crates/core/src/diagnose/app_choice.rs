//! Which app APP means: any unambiguous part of its key or of its site's name (docs/reference/rules.md#which-app). It
//! must never choose one of several apps.

use serde::{Deserialize, Serialize};

use super::case::Case;
use crate::evidence::Workspace;
use crate::subject::normalize_name;

/// An app on one site, by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppName {
    /// Atlassian's key of the app, such as `jira-software`.
    pub app: String,
    pub site: Option<String>,
    /// The ARI.
    pub resource: String,
}

impl std::fmt::Display for AppName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.site {
            Some(site) => write!(f, "{} ({site})", self.app),
            None => f.write_str(&self.app),
        }
    }
}

/// An APP that does not mean exactly one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppChoice {
    pub asked: String,
    /// Whether it means several apps, and not none.
    pub several: bool,
    /// The apps that it may mean. If it means none: all apps of the organization.
    pub apps: Vec<AppName>,
}

/// The app that the question is about.
#[derive(Clone, Debug)]
pub(crate) enum AskedApp<'a> {
    /// None in particular.
    Any,
    One(&'a Workspace),
    /// APP means several apps or none. These are the ones that it may mean.
    Unclear(Vec<&'a Workspace>),
    /// The apps of the organization could not be read.
    Unread,
}

/// The names by which people call an app.
fn names(space: &Workspace) -> Vec<String> {
    let all = [space.key.as_deref(), space.site.as_deref(), Some(space.name.as_str())];
    all.into_iter().flatten().map(normalize_name).collect()
}

/// The apps that APP may mean. If one app has exactly this key, site or id, only this one.
fn matching<'a>(asked: &str, spaces: &'a [Workspace]) -> Vec<&'a Workspace> {
    let asked = normalize_name(asked);
    // "confluence acme" and "confluence/acme" mean the app on that site.
    let words: Vec<&str> = asked.split([' ', '/', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let has = |space: &&Workspace| {
        let names = names(space);
        normalize_name(&space.id) == asked
            || names.iter().any(|name| name.contains(&asked))
            || (!words.is_empty() && words.iter().all(|word| names.iter().any(|name| name.contains(word))))
    };
    let found: Vec<&Workspace> = spaces.iter().filter(has).collect();
    let exact = |space: &&&Workspace| normalize_name(&space.id) == asked || names(space).contains(&asked);
    match found.iter().filter(exact).collect::<Vec<_>>().as_slice() {
        [one] => vec![**one],
        _ => found,
    }
}

impl<'a> Case<'a> {
    /// The app that the question is about.
    pub(crate) fn asked_app(&self) -> AskedApp<'a> {
        let Some(asked) = self.e.subject.app.as_deref() else { return AskedApp::Any };
        let Some(spaces) = self.e.workspaces.get() else { return AskedApp::Unread };
        match matching(asked, spaces).as_slice() {
            [one] => AskedApp::One(one),
            [] => AskedApp::Unclear(Vec::new()),
            many => AskedApp::Unclear(many.to_vec()),
        }
    }

    /// The choice to offer, if APP does not mean exactly one app.
    pub(super) fn app_choice(&self) -> Option<AppChoice> {
        let AskedApp::Unclear(many) = self.asked_app() else { return None };
        let all = || self.e.workspaces.get().into_iter().flatten().collect();
        let several = !many.is_empty();
        let mut apps: Vec<AppName> = if several { many } else { all() }
            .into_iter()
            .map(|space| self.app_name(&space.id, None))
            .collect();
        apps.sort();
        Some(AppChoice { asked: self.e.subject.app.clone().unwrap_or_default(), several, apps })
    }

    /// The names of an app. `owner` is the key as a role shows it.
    pub(crate) fn app_name(&self, resource: &str, owner: Option<&str>) -> AppName {
        let space = self.e.workspaces.get().into_iter().flatten().find(|space| space.id == resource);
        // An ARI names the app: `ari:cloud:confluence::site/…`.
        let in_ari = || resource.split(':').nth(2).filter(|part| !part.is_empty());
        let key = space.and_then(|space| space.key.as_deref()).or(owner).or_else(in_ari);
        AppName {
            app: key.unwrap_or(resource).to_owned(),
            site: space.and_then(|space| space.site.clone()),
            resource: resource.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(key: &str, site: &str) -> Workspace {
        Workspace {
            id: format!("ari:cloud:{key}::site/{site}"),
            name: format!("{site} space"),
            key: Some(key.to_owned()),
            site: Some(site.to_owned()),
            ..Workspace::default()
        }
    }

    #[test]
    fn any_unambiguous_part_of_the_key_or_the_site_means_an_app() {
        let all = [
            space("jira-software", "acme"),
            space("jira-servicedesk", "acme"),
            space("confluence", "acme"),
            space("confluence", "lab"),
            space("compass", "lab-north"),
        ];
        for (asked, wanted) in [
            ("software", vec![0]),
            ("JIRA-Software", vec![0]),
            ("jira", vec![0, 1]),
            ("confluence", vec![2, 3]),
            ("confluence lab", vec![3]),
            ("lab/confluence", vec![3]),
            ("Confluence (acme)", vec![2]),
            ("ari:cloud:confluence::site/lab", vec![3]),
            ("lab", vec![3]),
            ("comp", vec![4]),
            ("trello", vec![]),
        ] {
            let found: Vec<&str> = matching(asked, &all).iter().map(|space| space.id.as_str()).collect();
            let wanted: Vec<&str> = wanted.iter().map(|place: &usize| all[*place].id.as_str()).collect();
            assert_eq!(found, wanted, "{asked}");
        }
    }
}
