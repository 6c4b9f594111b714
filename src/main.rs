//! The `reinstate` program.

fn main() {}
