//! A person whose every name was made to break something, driven through a whole repair: Slack's markup, the
//! filters and paths of requests (the simulated services parse them strictly), the journal and its CSV.

use proptest::prelude::*;
use reinstate::sheet::Sheet;
use reinstate::slack::markup::Markup;
use reinstate::upstream::literal;
use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::Tenant;

use super::bot::{ADA, VERA, tells_in};

const ADDRESS: &str = "o'brien+(x)&y=1@acme.example";
const NAME: &str = "=cmd|' /C calc'!A0 <!channel> <@U0EVIL> <http://evil.example|x> & *b* `c` \u{1b}[31m\u{202e}\" or 1 eq 1 \\";
const GROUP: &str = "x' or startswith(displayName,'a') <!here> \"team\" ../..?a=b#c %2e%2e";

/// Somebody whom provisioning has never written, in a group of that name.
fn tenant() -> Tenant {
    let mut tenant = Tenant::new();
    let person = tenant.hire(ADDRESS, NAME);
    tenant.atlassian.add_group(GROUP, true, &[]);
    let group = tenant.entra.add_group(GROUP);
    tenant.entra.assign_group(&group);
    tenant.entra.add_member(&group, &person);
    tenant.slack.add_user("U0EVIL", "evil", NAME, ADDRESS);
    tenant.entra.settle_watermark(reinstate::clock::now());
    tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_every_name_is_an_attack_is_repaired_like_any_other() {
    tells_in(
        tenant(),
        |_| {},
        async |bot| {
            bot.says(VERA, &format!("check {ADDRESS}")).await;
            bot.says(VERA, "check <@U0EVIL>").await;
            bot.says(ADA, &format!("repair {ADDRESS}")).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.app.drain(std::time::Duration::from_secs(60)).await;
            let texts: Vec<String> = {
                let slack = lock(&bot.sandbox.slack);
                let public = slack.messages.iter().map(|one| (&one.text, &one.blocks));
                let private = slack.ephemerals.iter().map(|one| (&one.text, &one.blocks));
                let mut all = Vec::new();
                for (text, blocks) in public.chain(private) {
                    all.push(text.clone());
                    blocks.iter().for_each(|block| strings(block, &mut all));
                }
                all
            };
            assert!(texts.iter().any(|text| text.contains("brien")), "the person is shown");
            assert!(texts.iter().any(|text| text.contains("startswith")), "the group is shown");
            for text in &texts {
                for markup in ["<!channel", "<!here", "<@U0EVIL", "<http://evil"] {
                    assert!(!text.contains(markup), "{markup} in {text}");
                }
                for c in ['\u{1b}', '\u{202e}'] {
                    assert!(!text.contains(c), "{c:?} in {text}");
                }
            }
            // Every value reached a filter or a path whole: the fakes found the person by it.
            let calls = bot.sandbox.wire.calls();
            assert!(!calls.iter().any(|call| call.path.contains("..") || call.path.contains("//")));
            bot.reads_all();
        },
    )
    .await;
}

/// Every text in a block, as it was sent.
fn strings(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, into)),
        serde_json::Value::Object(all) => all.values().for_each(|one| strings(one, into)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_cell_is_a_formula_whatever_it_holds(text in any::<String>()) {
        let mut out = Vec::new();
        let mut sheet = Sheet::with_line_feeds(&mut out);
        sheet.row([&text]).unwrap();
        sheet.flush().unwrap();
        drop(sheet);
        let cell = String::from_utf8(out).unwrap();
        let inner = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix("\"\n")).unwrap();
        prop_assert!(!inner.starts_with(['=', '+', '-', '@', '\t', '\r']));
        prop_assert!(!inner.contains(['\n', '\r']));
        prop_assert!(!inner.replace("\"\"", "").contains('"'), "{cell}");
    }

    #[test]
    fn no_literal_ends_before_its_end(text in any::<String>()) {
        let odata = literal::odata(&text);
        let inner = odata.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
        prop_assert!(!inner.replace("''", "").contains('\''));
        prop_assert_eq!(inner.replace("''", "'"), text.clone());
        let scim: String = serde_json::from_str(&literal::scim(&text)).unwrap();
        prop_assert_eq!(&scim, &text);
        let percent = literal::percent(&text);
        prop_assert!(percent.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        let back = percent_encoding::percent_decode_str(&percent).decode_utf8().unwrap();
        prop_assert_eq!(back.as_ref(), text.as_str());
    }

    #[test]
    fn no_data_becomes_markup(text in any::<String>(), most in 1_usize..200) {
        for markup in [Markup::new().escaped(&text), Markup::new().code(&text)] {
            let whole = markup.as_str();
            prop_assert!(!whole.contains(['<', '>']));
            let bare = whole.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!bare.contains('&'));
            prop_assert!(!whole.chars().any(char::is_control));
            let cut = markup.cut(most);
            prop_assert!(cut.chars().count() <= most);
            let bare = cut.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!bare.contains('&'), "cut within a character: {cut}");
        }
    }
}
