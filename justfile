# The commands of this repository. `just` without arguments lists them. Every recipe is one command; the scripts are
# in .ci/.

_list:
    @just --list --unsorted

# Watch one scenario in the terminal: `just demo` or `just demo membership-drift`
demo scenario="email-held":
    cargo run -- sandbox --play {{ scenario }}

# The same in a browser, where you act as the people
page:
    cargo run -- sandbox

# Format, lints, absences, documentation: everything except the tests
check:
    .ci/check

# All tests except the long ones; the output names the tests that this machine cannot run
test *arguments:
    cargo test --workspace {{ arguments }}

# The tests whose name contains this text, with their output: `just test-one frozen`
test-one name *arguments:
    cargo test --workspace {{ name }} -- --nocapture {{ arguments }}

# Go through changed messages one by one, then write docs/reference/messages.md (needs `cargo install cargo-insta`)
messages:
    INSTA_FORCE_PASS=1 INSTA_UPDATE=new cargo test --test it gallery
    cargo insta review
    REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery

# Write the reference pages that are generated from the program
generated-docs:
    REINSTATE_UPDATE_DOCS=1 cargo test --test it generated_docs

# Plain words, true citations, spelling
words:
    .ci/words

# What CI runs for a pull request
ci:
    .ci/run

# Everything, for hours: all cases of all matrices, fuzzing, licences, mutation testing
long:
    .ci/long

# Build the documentation site and check its links; `just docs serve` shows it while you write
docs *mode:
    .ci/docs {{ mode }}

# Format the code
fmt:
    cargo fmt --all

# Install what the tests need: `system` (Debian packages), `lint` (Python wheels), `fuzz`, `deny`, `mutants` (tools for cargo)
install *what="system":
    .ci/install {{ what }}

# Fuzz each target for this many seconds
fuzz seconds="60":
    .ci/fuzz {{ seconds }}

# Mutation testing of the rules; arguments go to cargo-mutants: `just mutants -f '**/legal.rs'`
mutants *arguments:
    .ci/mutants {{ arguments }}

# Licences, banned crates, sources, advisories
deny:
    .ci/deny
