//! Not a test: the end of the output of `cargo test`. This crate's name comes last, so this program runs after all tests,
//! and says what they skipped for want of a program or a right.

fn main() {
    // A runner that asks for the names of tests gets none.
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
