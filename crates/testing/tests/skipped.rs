//! Not a test: it prints the end of the output of `cargo test`. This crate's name comes last, so this program runs
//! after all tests. It lists what was skipped because a program or a right was missing.

fn main() {
    // A runner that asks for the list of tests gets an empty one.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let skipped = reinstate_testing::skip::take();
    if skipped.is_empty() {
        println!("\nNo test was skipped.");
        return;
    }
    println!("\nSKIPPED, NOT TESTED:");
    for (why, times) in skipped {
        println!("  {times:>3} x {why}");
    }
    println!("`.ci/install system` installs what Debian and Ubuntu have of it.");
}
