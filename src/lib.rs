//! Worldtape, the flight recorder of neural worlds. Read the modules in this order.

pub mod event;
pub mod exact;

pub mod program;
pub mod world;

pub mod engine;

pub mod session;
