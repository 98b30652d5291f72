//! The terminal that this process has, as far as a play cares.

use crate::screen::{self, Abilities, COLUMNS_MIN, ROWS_MIN};
use std::io::IsTerminal;
use thiserror::Error;

/// Why there is no play here.
#[derive(Debug, Error)]
pub(super) enum NoPlay {
    /// Output goes elsewhere.
    #[error("standard output is no terminal")]
    NoTerminal,
    /// The cursor cannot be moved.
    #[error("this terminal cannot be drawn on (TERM={term:?})")]
    Dumb { term: String },
    /// Too few cells.
    #[error(
        "this terminal has {columns} columns and {rows} rows; a play needs {COLUMNS_MIN} and \
        {ROWS_MIN}"
    )]
    Small { columns: u16, rows: u16 },
}

/// What the environment says of the terminal.
pub(super) fn abilities() -> Abilities {
    Abilities::told_by(|name| std::env::var(name).ok())
}

/// The terminal that standard output is, if one can play on it.
pub(super) fn here() -> Result<Abilities, NoPlay> {
    if !std::io::stdout().is_terminal() {
        return Err(NoPlay::NoTerminal);
    }
    judge(abilities(), screen::size().unwrap_or((0, 0)))
}

/// A terminal with these abilities and this size, if one can play on it.
pub(super) fn judge(
    abilities: Abilities,
    (columns, rows): (u16, u16),
) -> Result<Abilities, NoPlay> {
    if !abilities.is_steerable {
        return Err(NoPlay::Dumb { term: std::env::var("TERM").unwrap_or_default() });
    }
    if columns < COLUMNS_MIN || rows < ROWS_MIN {
        return Err(NoPlay::Small { columns, rows });
    }
    Ok(abilities)
}
