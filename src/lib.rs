//! Worldtape, the flight recorder of neural worlds. Read the modules in this order.

// What passes between player, engine and tape; what every engine computes.
pub mod event;
pub mod exact;

// A world as a list of ops over planned buffers; the file it comes in.
pub mod program;
pub mod world;

// Executors of programs.
pub mod engine;

// The tape: bytes to records and back.
pub mod session;

// Time, passed in; the loop of live play and replay; where actions come from.
pub mod clock;
pub mod drive;
pub mod input;

// Where two runs part, and any frame of a tape again.
pub mod drift;

// How long it takes, and what speaks against believing it.
pub mod measure;

// Engines held against `exact`, tapes and themselves.
pub mod check;

// Worlds held against the game they were made from.
pub mod evaluate;

// The terminal in play.
pub mod screen;

// Pictures of a play as files that others open.
pub mod export;

// One page about a tape.
pub mod report;

// The command line.
pub mod cli;
pub mod cmd;
