//! The stage: one scenario with its simulated services, the bot that works against them, and its journal. A new
//! scenario is a new stage; it must never reuse anything of the old one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;

use super::bot::Bot;
use crate::cli::sandbox::setting::Setting;
use crate::exec::Journal;
use reinstate_sandbox::case::Arranged;
use reinstate_sandbox::folder::Folder;
use reinstate_sandbox::slack::Workspace;
use reinstate_sandbox::{Sandbox, lock};
use reinstate_store::Store;

/// The errors of a modal: the view id, and the message for each block id.
pub(super) type Complaints = (String, BTreeMap<String, String>);

/// One scenario with everything that runs in it.
pub struct Stage {
    pub(super) setting: Setting,
    /// The person that the scenario or the case is about.
    pub(super) who: String,
    /// What the bundle of a case does not hold.
    pub(super) left_out: Vec<String>,
    /// Whether the list offers a case besides the scenarios.
    pub(super) has_case: bool,
    pub(super) sandbox: Sandbox,
    pub(super) people: Workspace,
    pub(super) bot: Bot,
    pub(super) ledger: Journal,
    /// Messages of the page to a person, shown until that person acts again.
    notices: Mutex<BTreeMap<String, String>>,
    complaints: Mutex<BTreeMap<String, Complaints>>,
    _folder: Folder,
}

impl Stage {
    pub(super) async fn open(setting: Setting, has_case: bool, program: &Path) -> anyhow::Result<Self> {
        let Arranged { tenant, who, left_out } = setting.arrange();
        let sandbox = Sandbox::start(tenant).await.context("the simulated services found no port")?;
        let folder = Folder::make().context("no temporary folder could be made")?;
        let url = folder.store_url();
        let store = Store::open(&url).await.context("the sandbox's database could not be opened")?;
        // The port stays the same when the bot is killed and started again, because Slack knows only one URL.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let bot = Bot::start(program, sandbox.env(&url, &format!("127.0.0.1:{port}")), port).await?;
        let people = sandbox.workspace(format!("http://127.0.0.1:{port}/slack/events"));
        Ok(Self {
            setting,
            who,
            left_out,
            has_case,
            sandbox,
            people,
            bot,
            ledger: Journal::new(store),
            notices: Mutex::default(),
            complaints: Mutex::default(),
            _folder: folder,
        })
    }

    pub(super) fn notice(&self, user: &str) -> Option<String> {
        lock(&self.notices).get(user).cloned()
    }

    pub(super) fn tell(&self, user: &str, notice: Option<String>) {
        let mut notices = lock(&self.notices);
        match notice {
            Some(notice) => notices.insert(user.to_owned(), notice),
            None => notices.remove(user),
        };
    }

    /// The errors of this person's open modal, by block.
    pub(super) fn complaints(&self, user: &str, view: &str) -> BTreeMap<String, String> {
        lock(&self.complaints)
            .get(user)
            .filter(|(about, _)| about == view)
            .map(|(_, found)| found.clone())
            .unwrap_or_default()
    }

    pub(super) fn complain(&self, user: &str, complaints: Complaints) {
        lock(&self.complaints).insert(user.to_owned(), complaints);
    }
}
