//! `worldtape doctor`: whether this machine and terminal can play, and with what.

mod gpu_found;

use super::{Exit, machinery, output, terminal};
use crate::cli::Doctor;
use crate::engine::cpu::Isa;
use crate::exact::ARITHMETIC;
use crate::screen;
use crate::session::Version;
use crate::world;
use anyhow::Result;
use gpu_found::GpuFound;
use serde::Serialize;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The variable that says how many threads the engine uses.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// What was found, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    can_play: bool,
    version: &'static str,
    build_commit: &'static str,
    processor: Option<String>,
    /// Instruction sets that the CPU engine has code for and this processor has, best first.
    instruction_sets: Vec<String>,
    /// The one that runs.
    path_taken: String,
    threads: usize,
    /// What asked for that many threads, where something did.
    threads_asked: Option<String>,
    gpu: GpuFound,
    arithmetic: &'static str,
    tape_format: String,
    world_format: u32,
    world: WorldFound,
    terminal: TerminalFound,
}

/// The world, or why there is none.
#[derive(Serialize)]
struct WorldFound {
    file: Option<PathBuf>,
    name: Option<String>,
    digest: Option<String>,
    error: Option<String>,
}

/// The terminal, or why one cannot play on it.
#[derive(Serialize)]
struct TerminalFound {
    is_terminal: bool,
    term: Option<String>,
    columns: Option<u16>,
    rows: Option<u16>,
    colours: String,
    /// Does the keyboard tell of releases (the kitty protocol)?
    key_releases: bool,
    graphics: String,
    error: Option<String>,
}

pub(super) fn run(options: &Doctor) -> Result<Exit> {
    let report = Report::gather(options)?;
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text())?;
    }
    Ok(if report.can_play { Exit::Ok } else { Exit::Error })
}

impl Report {
    fn gather(options: &Doctor) -> Result<Report> {
        let world = WorldFound::look(options);
        let terminal = TerminalFound::look();
        let isa = machinery::isa();
        let gpu = GpuFound::look(isa.is_ok());
        let has_engine = isa.is_ok() || gpu.is_fit();
        let can_play = world.error.is_none() && terminal.error.is_none() && has_engine;
        let path_taken = match isa {
            Ok(isa) => isa.to_string(),
            Err(error) => format!("none: {error:#}"),
        };
        Ok(Report {
            can_play,
            version: env!("CARGO_PKG_VERSION"),
            build_commit: env!("WORLDTAPE_BUILD_COMMIT"),
            processor: machinery::processor_name(),
            instruction_sets: Isa::available().iter().map(Isa::to_string).collect(),
            path_taken,
            threads: machinery::in_pool(None, rayon::current_num_threads)?,
            threads_asked: std::env::var(THREADS_VARIABLE).ok(),
            gpu,
            arithmetic: ARITHMETIC,
            tape_format: format!("{}.{}", Version::CURRENT.major, Version::CURRENT.minor),
            world_format: world::FORMAT,
            world,
            terminal,
        })
    }

    fn text(&self) -> String {
        let threads = match &self.threads_asked {
            Some(asked) => format!("{} ({THREADS_VARIABLE}={asked})", self.threads),
            None => self.threads.to_string(),
        };
        let isas = format!("{} of {}", self.path_taken, self.instruction_sets.join(", "));
        let formats = format!("tape {}, world {}", self.tape_format, self.world_format);
        let verdict = if self.can_play { "yes: worldtape play" } else { "no" };
        let mut rows = vec![
            ("version", format!("{}, commit {}", self.version, self.build_commit)),
            ("processor", self.processor.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("instructions", isas),
            ("threads", threads),
        ];
        rows.extend(self.gpu.rows());
        rows.extend([
            ("arithmetic", self.arithmetic.to_owned()),
            ("formats", formats),
            ("world", self.world.line()),
            ("terminal", self.terminal.line()),
            ("can play", verdict.to_owned()),
        ]);
        let row = |(name, value): &(&str, String)| format!("{name:<13}{}\n", output::plain(value));
        rows.iter().map(row).collect()
    }
}

impl WorldFound {
    fn look(options: &Doctor) -> WorldFound {
        match machinery::load_world(options.world.as_deref()) {
            Ok((file, world)) => WorldFound {
                file: Some(file),
                name: Some(world.manifest.name.clone()),
                digest: Some(world.digest.to_string()),
                error: None,
            },
            Err(error) => WorldFound {
                file: options.world.clone(),
                name: None,
                digest: None,
                error: Some(format!("{error:#}")),
            },
        }
    }

    fn line(&self) -> String {
        match (&self.file, &self.name, &self.digest, &self.error) {
            (Some(file), Some(name), Some(digest), None) => {
                format!("{name} ({digest}), {}", file.display())
            }
            (_, _, _, error) => format!("none: {}", error.as_deref().unwrap_or_default()),
        }
    }
}

impl TerminalFound {
    /// Where standard output goes elsewhere, the terminal of standard error is looked at: the
    /// report itself may go through a pipe.
    fn look() -> TerminalFound {
        let is_terminal = std::io::stdout().is_terminal() || std::io::stderr().is_terminal();
        let abilities = terminal::abilities();
        let size = screen::size().filter(|_| is_terminal);
        let judged = if is_terminal {
            terminal::judge(abilities, size.unwrap_or((0, 0)))
        } else {
            Err(terminal::NoPlay::NoTerminal)
        };
        let answers = screen::ask(&abilities);
        let has_answered = answers != screen::Answers::default();
        TerminalFound {
            is_terminal,
            term: std::env::var("TERM").ok(),
            columns: size.map(|size| size.0),
            rows: size.map(|size| size.1),
            colours: abilities.look.palette.to_string(),
            key_releases: answers.releases,
            graphics: match has_answered {
                true => screen::Graphics::best(&abilities, &answers).to_string(),
                false => "unknown".to_owned(),
            },
            error: judged.err().map(|error| error.to_string()),
        }
    }

    fn line(&self) -> String {
        if let Some(error) = &self.error {
            return format!("no play: {error}");
        }
        let side = |cells: Option<u16>| cells.map_or("?".to_owned(), |cells| cells.to_string());
        let releases = if self.key_releases { "told" } else { "not told, guessed from repeats" };
        format!(
            "{} columns, {} rows, colours {}, key releases {releases}, graphics {}",
            side(self.columns),
            side(self.rows),
            self.colours,
            self.graphics
        )
    }
}
