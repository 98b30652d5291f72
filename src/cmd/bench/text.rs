//! The measurement for people: the machine first, doubts last.

use super::Report;
use super::passes::OpClock;
use crate::cmd::machinery::engine_label;
use crate::cmd::output::plain;
use crate::measure::{Samples, Summary};
use std::fmt::{Result, Write};

/// Ops that are listed by name; `--json` has them all.
const OPS_LISTED: usize = 10;

impl Report {
    /// Tables and lines for people.
    pub(super) fn text(&self) -> std::result::Result<String, std::fmt::Error> {
        let mut out = String::new();
        self.head(&mut out)?;
        self.results(&mut out)?;
        self.stage_table(&mut out)?;
        self.kind_table(&mut out)?;
        self.op_table(&mut out)?;
        self.roofline(&mut out)?;
        for doubt in &self.doubts {
            writeln!(out, "doubt      {doubt}")?;
        }
        Ok(out)
    }

    /// Frames made one after the other, with digest and tape, for each second they took.
    pub(super) fn frames_per_second(&self) -> f64 {
        let frames = self.frames.measured(|spans| spans.frame_ns).summary();
        1e9 / frames.mean_ns.max(1.0)
    }

    /// The stages by name, the whole frame first.
    pub(super) fn stages(&self) -> [(&'static str, Samples); 6] {
        [
            ("frame", self.frames.measured(|spans| spans.frame_ns)),
            ("step", self.frames.measured(|spans| spans.step_ns)),
            ("digest", self.frames.measured(|spans| spans.digest_ns)),
            ("log", self.frames.measured(|spans| spans.log_ns)),
            ("prompt", self.prompts.clone()),
            ("tapped", self.tapped.with.clone()),
        ]
    }

    fn head(&self, out: &mut String) -> Result {
        let (machine, config) = (&self.machine, &self.config);
        let fact = |wanted: &str| {
            let found = machine.entries.iter().find(|(name, _)| name == wanted);
            plain(found.map_or("unknown", |(_, value)| value))
        };
        writeln!(
            out,
            "machine    {} ({}, {}), {}",
            fact("processor"),
            fact("os"),
            fact("architecture"),
            plain(&engine_label(&machine.engine, machine.threads, &machine.entries))
        )?;
        let (version, commit) = (&machine.worldtape_version, &machine.build_commit);
        writeln!(out, "build      worldtape {} ({})", plain(version), plain(commit))?;
        writeln!(out, "world      {} {}", plain(&config.world_name), config.world_digest)?;
        writeln!(
            out,
            "session    seed {}, prompt {} ({} frames), {} passes, {}",
            config.seed,
            config.prompt,
            self.prompt_frames,
            config.passes,
            plain(&config.arithmetic)
        )?;
        let (step, reading) = (self.clock_resolution_ns, self.clock_reading_ns);
        writeln!(out, "clock      steps of {step} ns, a reading takes {reading:.0} ns")
    }

    fn results(&self, out: &mut String) -> Result {
        let frames = self.frames.measured(|spans| spans.frame_ns);
        let count = frames.raw_ns().len();
        writeln!(
            out,
            "frames     {count} after {} of warm-up: {:.2} frames/s, digest and tape included",
            self.frames.spans.len() - count,
            self.frames_per_second()
        )?;
        let (at_24, at_35) = (frames.missed(24), frames.missed(35));
        writeln!(out, "late       {at_24} of {count} at 24 frames/s, {at_35} at 35 frames/s")?;
        let start = &self.start;
        let parts = [
            ("load", start.parsed_ns, start.loaded_ns),
            ("build", start.loaded_ns, start.built_ns),
            ("engine", start.built_ns, start.engine_ns),
            ("prompt", start.engine_ns, start.prompt_ns),
            ("tape", start.prompt_ns, start.tape_ns),
            ("frame", start.tape_ns, start.first_frame_ns),
        ];
        let parts = parts.map(|(name, from_ns, to_ns)| {
            format!("{name} {:.1}", ms(to_ns.saturating_sub(from_ns) as f64))
        });
        let total = ms(start.first_frame_ns as f64);
        writeln!(out, "start      {total:.0} ms to the first frame: {} ms", parts.join(", "))?;
        match self.frames.memory_bytes_max {
            Some(bytes) => writeln!(out, "memory     {:.1} MB at most", bytes as f64 / 1e6),
            None => writeln!(out, "memory     unknown: this system has no /proc"),
        }
    }

    fn stage_table(&self, out: &mut String) -> Result {
        let heads = ["min", "mean", "p50", "p95", "p99", "max"];
        writeln!(out, "\n{:<20}{}", "stage, ms", columns(heads))?;
        for (name, samples) in self.stages() {
            let all = samples.summary();
            let mean = format!("{:.3}", all.mean_ns / 1e6);
            let [min, p50, p95, p99, max] = shown(&all);
            writeln!(out, "{name:<20}{}", columns([&min, &mean, &p50, &p95, &p99, &max]))?;
        }
        let (with, without) = (self.tapped.with.summary(), self.tapped.without.summary());
        let ratio = with.p50_ns as f64 / (without.p50_ns as f64).max(1.0);
        let count = self.tapped.with.raw_ns().len();
        writeln!(
            out,
            "({count} frames with every op digested came to the same as without, in {ratio:.2} \
                times a step)"
        )
    }

    fn kind_table(&self, out: &mut String) -> Result {
        let total: u64 = self.kinds.iter().map(|kind| kind.samples.summary().p50_ns).sum();
        let heads = ["ops", "p50", "p95", "p99", "max", "share", "GOP/s", "GB/s"];
        writeln!(out, "\n{:<20}{}", "kind, ms a frame", columns(heads))?;
        for kind in &self.kinds {
            let all = kind.samples.summary();
            let [_, p50, p95, p99, max] = shown(&all);
            let share = 100.0 * all.p50_ns as f64 / (total as f64).max(1.0);
            let rate = |amount: u64| match amount {
                0 => String::new(),
                _ => format!("{:.1}", amount as f64 / (all.p50_ns as f64).max(1.0)),
            };
            let (count, share) = (kind.ops.to_string(), format!("{share:.1} %"));
            let (gop, gb) = (rate(kind.work.operations), rate(kind.work.bytes()));
            let row = [&count, &p50, &p95, &p99, &max, &share, &gop, &gb];
            writeln!(out, "{:<20}{}", kind.kind, columns(row))?;
        }
        let (count, ratio) = (self.op_frames, self.observer_ratio);
        match self.op_clock {
            OpClock::Host => {
                writeln!(out, "({count} frames; timing each op: {ratio:.3} times the step)")
            }
            OpClock::Engine => writeln!(
                out,
                "({count} rounds of each op alone, by the engine's clock: {ratio:.3} times a step)"
            ),
        }
    }

    fn op_table(&self, out: &mut String) -> Result {
        let mut ops: Vec<_> = self.ops.iter().map(|op| (op, op.samples.summary())).collect();
        ops.sort_by_key(|(_, all)| std::cmp::Reverse(all.p50_ns));
        let heads = ["p50", "p95", "p99", "max", "GOP/s"];
        writeln!(out, "\n{:<36}{}", "longest ops, ms", columns(heads))?;
        for (op, all) in ops.iter().take(OPS_LISTED) {
            let [_, p50, p95, p99, max] = shown(all);
            let gop = op.work.operations as f64 / (all.p50_ns as f64).max(1.0);
            let row = [&p50, &p95, &p99, &max, &format!("{gop:.1}")];
            writeln!(out, "{:<36}{}", op.name, columns(row))?;
        }
        Ok(())
    }

    fn roofline(&self, out: &mut String) -> Result {
        let work = &self.work;
        writeln!(
            out,
            "\nwork       {:.3} GOP, {:.1} MB of weights and {:.1} MB of buffers a frame",
            work.operations as f64 / 1e9,
            work.weight_bytes as f64 / 1e6,
            (work.read_bytes + work.written_bytes) as f64 / 1e6
        )?;
        let step_ns = self.frames.measured(|spans| spans.step_ns).summary().p50_ns;
        let achieved = work.operations as f64 / (step_ns as f64).max(1.0);
        if let Some(peak) = self.int8_peak_operations_per_second {
            writeln!(
                out,
                "peak       {:.0} int8 GOP/s; the step runs at {achieved:.0}, {:.1} % of it; \
                    at the peak it would take {:.2} ms",
                peak / 1e9,
                achieved / peak * 1e11,
                work.operations as f64 / peak * 1e3
            )?;
        }
        let Some(reading) = self.read_bytes_per_second else {
            return Ok(());
        };
        writeln!(
            out,
            "reading    {:.1} GB/s from memory; the weights alone would take {:.2} ms",
            reading / 1e9,
            work.weight_bytes as f64 / reading * 1e3
        )
    }
}

fn ms(ns: f64) -> f64 {
    ns / 1e6
}

/// min, p50, p95, p99 and max in milliseconds.
fn shown(all: &Summary) -> [String; 5] {
    let values = [all.min_ns, all.p50_ns, all.p95_ns, all.p99_ns, all.max_ns];
    values.map(|ns| format!("{:.3}", ms(ns as f64)))
}

/// Cells of equal width, to the right.
fn columns<const N: usize>(cells: [impl AsRef<str>; N]) -> String {
    cells.iter().map(|cell| format!("{:>9}", cell.as_ref())).collect()
}
