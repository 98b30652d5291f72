//! What the program is given may be anything: one line says what is wrong, and nothing is lost.

#[path = "common/blocks.rs"]
mod blocks;
#[path = "cli_bad_input/bombs.rs"]
mod bombs;
#[path = "common/command.rs"]
mod command;
#[path = "cli_bad_input/disks.rs"]
mod disks;
#[path = "cli_bad_input/options.rs"]
mod options;
#[path = "cli_bad_input/scripts.rs"]
mod scripts;
#[path = "cli_bad_input/tapes.rs"]
mod tapes;
#[path = "cli_bad_input/worlds.rs"]
mod worlds;
