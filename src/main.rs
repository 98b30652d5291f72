//! The `worldtape` program: parse, run one verb, exit with its code.
fn main() {}
