//! Who may know whom: which modules a module may name, and which names live in one place only.

use crate::finding::Finding;
use crate::paths::{NamedPath, mentions, module_of, paths};
use crate::tree::File;

/// What a module, its submodules included, may know.
struct Layer {
    module: &'static str,
    /// Everything of this crate that it may name, beside itself.
    may_use: &'static [&'static str],
    /// Names from elsewhere that it never mentions.
    never: &'static [&'static str],
}

/// The outside: what a pure part takes as an argument, never fetches.
const OUTSIDE: &[&str] = &["std::env", "std::path", "std::process", "std::net"];

/// The core and the engines. Modules without a row may know any other.
const LAYERS: &[Layer] = &[
    Layer { module: "event", may_use: &[], never: OUTSIDE },
    Layer { module: "exact", may_use: &[], never: OUTSIDE },
    Layer { module: "session", may_use: &["event"], never: OUTSIDE },
    Layer { module: "program", may_use: &["event", "exact"], never: OUTSIDE },
    Layer {
        module: "engine",
        may_use: &["program", "exact", "event", "world::weights", "world::Weights"],
        never: OUTSIDE,
    },
    Layer {
        module: "check",
        may_use: &["event", "exact", "program", "engine", "drive::picture_digest"],
        never: OUTSIDE,
    },
    Layer {
        module: "drift",
        may_use: &["event", "exact", "program", "engine", "session", "drive"],
        never: OUTSIDE,
    },
    Layer {
        module: "report",
        may_use: &["event", "session", "drift", "measure::Samples", "measure::Summary"],
        never: OUTSIDE,
    },
    Layer {
        module: "evaluate",
        may_use: &["event", "exact", "program", "engine", "world"],
        never: OUTSIDE,
    },
    Layer { module: "screen", may_use: &["event", "clock", "drive", "input"], never: OUTSIDE },
    Layer { module: "export", may_use: &["screen"], never: OUTSIDE },
    Layer {
        module: "input",
        may_use: &["event", "clock", "drive", "session", "world"],
        never: OUTSIDE,
    },
];

/// Names that have a home and are not mentioned in any other place under src.
struct Confined {
    names: &'static [&'static str],
    /// Modules as paths without `.rs`; each stands for its file and its folder.
    homes: &'static [&'static str],
    instead: &'static str,
}

const CONFINED: &[Confined] = &[
    Confined {
        names: &["cudarc"],
        homes: &["src/engine/cuda"],
        instead: "go through trait Engine",
    },
    Confined {
        names: &["candle", "candle_core", "candle_nn"],
        homes: &["src/engine/reference"],
        instead: "go through trait Engine",
    },
    Confined { names: &["nvtx"], homes: &["src/engine/ranges"], instead: "name it in `Ranges`" },
    Confined {
        names: &["ratatui", "crossterm"],
        homes: &["src/screen"],
        instead: "tell a `Sink`, take a `Source`, or ask `screen`",
    },
    Confined {
        names: &["std::time", "core::time", "Instant", "SystemTime"],
        homes: &["src/clock", "src/measure"],
        instead: "take integers with their unit (`_ns`), or a clock, as an argument",
    },
    Confined {
        names: &["std::fs", "File::open", "File::create", "OpenOptions"],
        homes: &["src/cmd", "src/main"],
        instead: "take bytes, a `Read` or a `Write` as an argument",
    },
];

/// Finds the names in `file` that its module may not know.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.is_source() {
        return Vec::new();
    }
    let module = module_of(&file.path);
    let named = paths(&module, &file.stripped().code);
    let layers = LAYERS.iter().filter(|layer| starts_with(&module, layer.module));
    let mut findings: Vec<Finding> =
        layers.flat_map(|layer| named.iter().filter_map(|path| layer.judge(file, path))).collect();
    let strangers = CONFINED.iter().filter(|confined| !confined.is_home(&file.path));
    findings.extend(
        strangers.flat_map(|confined| named.iter().filter_map(|path| confined.judge(file, path))),
    );
    findings
}

impl Layer {
    fn judge(&self, file: &File, path: &NamedPath) -> Option<Finding> {
        match &path.inside {
            Some(inside) => self.judge_inside(file, path.line, inside),
            None => {
                let name = self.never.iter().find(|name| mentions(&path.written, name))?;
                let advice = format!("`{}` never mentions `{name}`; pass it in", self.module);
                Some(Finding::new(file, path.line, "layers", advice))
            }
        }
    }

    fn judge_inside(&self, file: &File, line: usize, inside: &[String]) -> Option<Finding> {
        let mut known = self.may_use.iter().chain([&self.module]);
        if inside.is_empty() || known.any(|module| starts_with(inside, module)) {
            return None;
        }
        let advice = format!(
            "`{}` must not know `{}`; it may use: {}",
            self.module,
            inside.join("::"),
            if self.may_use.is_empty() { "nobody".to_owned() } else { self.may_use.join(", ") },
        );
        Some(Finding::new(file, line, "layers", advice))
    }
}

impl Confined {
    fn is_home(&self, path: &str) -> bool {
        self.homes.iter().any(|home| {
            let rest = path.strip_prefix(home);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    }

    fn judge(&self, file: &File, path: &NamedPath) -> Option<Finding> {
        let name = self.names.iter().find(|name| mentions(&path.written, name))?;
        let homes = self.homes.join(" and ");
        let advice = format!("`{name}` is named in {homes} alone; {}", self.instead);
        Some(Finding::new(file, path.line, "layers", advice))
    }
}

fn starts_with(path: &[String], module: &str) -> bool {
    let mut segments = path.iter();
    module.split("::").all(|wanted| segments.next().is_some_and(|segment| segment == wanted))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::finding::lines;
    use crate::tree::File;

    fn findings(path: &str, text: &str) -> Vec<String> {
        lines(&check(&File::new(path, text)))
    }

    fn assert_found(path: &str, text: &str, part: &str) {
        let found = findings(path, text);
        assert_eq!(found.len(), 1, "{path} with {text}: {found:?}");
        assert!(found[0].contains(part), "{found:?}");
    }

    #[test]
    fn a_wrong_import_is_found_however_it_is_written() {
        assert_found("src/event.rs", "use crate::exact::ln;", "must not know `exact::ln`");
        assert_found("src/exact/sum.rs", "\nuse super::super::event;", "sum.rs:2: layers:");
        assert_found("src/session.rs", "use crate::{event::A, engine::B};", "`engine::B`");
        assert_found("src/session/block.rs", "fn f(c: &crate::clock::Wall) {}", "`clock::Wall`");
        assert_found("src/program.rs", "use worldtape::engine::Engine;", "`engine::Engine`");
        assert_found("src/engine/cpu.rs", "use crate::*;", "`*`");
        assert_found("src/engine/cpu/sum.rs", "use crate::drive as d;", "`drive::*`");
        assert_found("src/engine.rs", "use crate::world::Manifest;", "`world::Manifest`");
        assert_found("src/check/plays.rs", "use crate::drive::Recorder;", "`drive::Recorder`");
    }

    #[test]
    fn what_the_table_allows_is_not_found() {
        for (path, text) in [
            ("src/session.rs", "use crate::event::Action; use self::block::Block;"),
            ("src/session/block.rs", "pub(crate) mod x { use super::super::Header; }"),
            ("src/program/planner.rs", "use super::Op; use crate::exact::to_u8;"),
            ("src/engine/cpu.rs", "use crate::{exact, program::Op, world::weights::Tensor};"),
            ("src/drive.rs", "use crate::{clock::Pacer, engine::Engine, session::Writer};"),
            ("src/session.rs", "// use crate::engine;\nconst A: &str = \"crate::engine\";"),
            ("tests/replay.rs", "use std::time::Instant; use std::fs;"),
        ] {
            assert_eq!(findings(path, text), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn names_are_found_outside_their_homes() {
        assert_found("src/drive.rs", "use cudarc::driver::sys;", "src/engine/cuda alone");
        assert_found("src/drive.rs", "use std::{io, time::Duration};", "src/clock and src/measure");
        assert_found("src/input.rs", "use crate::clock::Instant;", "`Instant`");
        assert_found("src/world.rs", "fn f() { fs::File::open(x) }", "`File::open`");
        assert_found("src/drift.rs", "use std::fs::read;", "src/cmd and src/main alone");
        assert_found("src/engine/cpu.rs", "use candle_core::Tensor;", "src/engine/reference");
        assert_found("src/engine/cuda.rs", "use nvtx::Domain;", "src/engine/ranges alone");
        assert_found("src/cmd/play.rs", "use ratatui::Terminal;", "src/screen alone");
        assert_found("src/engine/cpu.rs", "std::env::var(x)", "never mentions `std::env`");
    }

    #[test]
    fn names_are_at_home_in_file_and_folder() {
        for (path, text) in [
            ("src/engine/cuda.rs", "use cudarc::driver;"),
            ("src/engine/cuda/device.rs", "use cudarc::driver;"),
            ("src/engine/reference.rs", "use candle_core::Tensor;"),
            ("src/engine/ranges.rs", "use nvtx::domain::Domain;"),
            ("src/clock.rs", "use std::time::Instant;"),
            ("src/measure/spans.rs", "use std::time::Duration;"),
            ("src/cmd/play.rs", "use std::fs::File;"),
            ("src/main.rs", "use std::fs;"),
        ] {
            assert_eq!(findings(path, text), Vec::<String>::new(), "{path}");
        }
        assert_eq!(findings("src/clockwork.rs", "use std::time;").len(), 1);
    }
}
