//! Every guarantee of the store, tested on SQLite files and again on a private PostgreSQL. A test is a function of a
//! [`Place`], which it may open as often as it likes. Two handles on one place stand for two replicas.

mod audit;
mod cards;
mod claims;
mod journal;
mod leases;
mod patience;
mod runs;
mod starting;
mod sweeps;
mod warnings;
mod watch;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AppendOptions, NewEntry, NewRun, Opened, Store};

/// A separate database.
pub struct Place {
    url: String,
    _dir: Option<tempfile::TempDir>,
}

impl Place {
    fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}/reinstate.db", dir.path().display()), _dir: Some(dir) }
    }

    async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

macro_rules! promises {
    ($($room:ident: $($name:ident),+;)+) => {
        mod on_sqlite {
            use super::Place;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$room::$name(&Place::sqlite()).await;
                }
            )+)+
        }

        async fn everything_holds(collation: reinstate_testing::postgres::Collation) {
            let Some(server) = reinstate_testing::postgres::Server::shared() else { return };
            $($(
                eprintln!("{}", stringify!($name));
                let Some(url) = server.database_with(collation).await else { return };
                $room::$name(&Place { url, _dir: None }).await;
            )+)+
        }
    };
}

promises! {
    journal: one_of_a_hundred_appends_on_the_same_entry_wins, appends_to_many_runs_make_one_chain,
        an_ended_run_takes_no_more, what_was_decided_too_long_ago_is_not_written, an_append_needs_an_entry_and_a_run, the_cap_counts_exactly,
        a_refused_append_leaves_nothing, a_refused_append_among_others_leaves_nothing_and_takes_none_along,
        what_the_database_refuses_it_refuses_to_one_alone, an_account_passes_from_run_to_run_within_a_commit, writing_without_a_pause_piles_nothing_up, a_decision_that_panics_holds_nobody_up, who_waits_for_a_database_that_is_gone_is_told,
        a_cancelled_caller_cannot_cut_a_write_in_half,
        a_reopened_database_keeps_everything, entries_keep_what_was_written;
    runs: a_request_opens_one_run, requests_that_come_together_open_a_run_each, history_is_newest_first,
        a_part_of_an_id_finds_its_runs, a_change_is_known_by_whom_it_is_about, an_event_is_new_once, a_released_run_holds_nothing,
        order_is_not_that_of_names, every_run_since_a_time_is_read_once, the_last_runs_that_have_ended_are_found;
    claims: an_identity_belongs_to_one_open_run, one_of_many_claims_wins, the_tenant_is_shared_or_taken_alone;
    sweeps: children_are_found_by_their_parent, a_child_without_a_parent_is_adopted_when_it_is_opened_again,
        older_children_get_their_parent, what_people_wait_for_is_no_part_of_a_sweep;
    starting: many_programs_may_start_at_once, columns_that_a_newer_program_adds_change_nothing, a_newer_database_is_refused;
    leases: one_of_many_takes_a_run, every_run_is_taken_once, a_lease_expires_and_its_holder_is_fenced_off,
        a_held_lease_appends_and_renews, an_end_gives_the_lease_back, a_clock_set_back_holds_nobody_up, a_wake_during_the_lease_is_not_lost, a_sleeper_is_left_alone,
        the_next_wake_is_known;
    cards: the_first_card_stays, a_card_is_stale_until_it_shows_the_newest_entry, a_card_never_goes_back, one_of_many_draws_a_run,
        who_draws_and_who_appends_do_not_lock_each_other_out;
    watch: one_of_many_looks, a_look_that_was_taken_over_writes_nothing, a_clock_set_back_holds_no_look_up,
        a_round_is_kept_once_and_entries_count_once, what_is_reported_again_is_due_again,
        what_nobody_has_looked_at_comes_first, a_refusal_is_told_once_until_it_changes, nobody_has_two_open_incidents,
        a_person_is_told_once_and_only_while_it_lasts, who_changed_something_is_kept_until_it_is_told, a_recovery_has_the_card_drawn_again,
        a_fault_of_everybody_is_no_person, old_incidents_name_nobody;
    warnings: one_of_many_looks_at_what_runs_out, a_level_is_told_once_and_none_goes_backwards,
        a_look_that_was_taken_over_tells_nothing, a_warning_is_to_be_sent_until_a_run_has_its_id,
        a_clock_set_back_holds_no_warning_up;
    audit: a_whole_chain_verifies, a_changed_entry_is_found, an_inserted_entry_is_found, swapped_entries_are_found,
        a_removed_entry_is_found, a_cut_end_is_found_with_a_kept_head, a_rewritten_chain_is_found_with_a_kept_head,
        a_forged_link_is_found_at_the_next_one, changed_personal_data_is_found, erased_personal_data_breaks_nothing,
        many_entries_are_erased_bit_by_bit, one_of_many_equal_notes_is_kept, the_export_is_the_chain,
        a_hole_that_no_erasure_explains_is_found, what_was_erased_before_there_were_erasures_is_written_down_once,
        a_key_names_nobody_when_its_run_is_forgotten, what_is_to_be_forgotten_is_found_by_an_index;
    patience: what_was_given_up_is_never_written, a_lock_that_is_not_given_back_is_told, the_server_has_limits,
        a_frozen_server_holds_nobody_up, an_upgrade_and_an_append_do_not_lock_each_other_out,
        an_upgrade_that_is_locked_out_is_tried_again;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_holds_on_postgres() {
    everything_holds(reinstate_testing::postgres::Collation::C).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_holds_on_postgres_with_a_locale_of_icu() {
    everything_holds(reinstate_testing::postgres::Collation::Icu).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_holds_on_postgres_with_the_locale_of_its_container_image() {
    everything_holds(reinstate_testing::postgres::Collation::Glibc).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn entry(kind: &str) -> NewEntry {
    NewEntry { at: at(0), kind: kind.into(), facts: "{\"n\":1}".into(), personal: None }
}

fn about_jane(kind: &str) -> NewEntry {
    NewEntry { personal: Some("{\"email\":\"jane@acme.example\"}".into()), ..entry(kind) }
}

/// Opens a run that sleeps.
async fn opened(store: &Store) -> String {
    opened_with(store, false).await
}

async fn opened_with(store: &Store, wake: bool) -> String {
    let run = Uuid::now_v7().to_string();
    let new = NewRun { run: run.clone(), key: format!("trigger-{run}"), first: entry("opened"), wake };
    assert_eq!(store.open_run(new).await.unwrap(), Opened::New);
    run
}

/// Opens `count` runs that sleep.
async fn opened_many(store: &Store, count: usize) -> Vec<String> {
    let mut runs = Vec::with_capacity(count);
    for _ in 0..count {
        runs.push(opened(store).await);
    }
    runs
}

/// Appends one entry at the current sequence number of the run.
async fn appended(store: &Store, run: &str, kind: &str, also: AppendOptions) {
    let seq = store.run(run).await.unwrap().unwrap().seq;
    store.append(run, seq, None, &[entry(kind)], also).await.unwrap();
}
