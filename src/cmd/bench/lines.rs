//! The measurement as JSON lines: every frame, every kind, every op. `formats/measurement.md`.

use super::Report;
use super::passes::OpClock;
use crate::measure::{FrameSpans, Summary, Work};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the lines.
const VERSION: u32 = 1;

/// One line; `line` says which.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line<'a> {
    Machine {
        version: u32,
        engine: &'a str,
        threads: u32,
        facts: BTreeMap<&'a str, &'a str>,
        worldtape_version: &'a str,
        build_commit: &'a str,
        started_unix_ms: u64,
        world: &'a str,
        world_digest: String,
        arithmetic: &'a str,
        passes: u32,
        prompt: u32,
        prompt_frames: usize,
        seed: u64,
        clock_resolution_ns: u64,
        clock_reading_ns: f64,
    },
    Start(super::Start),
    Result {
        frames: usize,
        frames_per_second: f64,
        missed_at_24_per_second: usize,
        missed_at_35_per_second: usize,
        memory_bytes_max: Option<u64>,
        tape_bytes: u64,
        queue_waits: u64,
        other_load_processors: Option<f64>,
        observer_ratio: f64,
        op_clock: OpClock,
        work: Work,
        int8_peak_operations_per_second: Option<f64>,
        read_bytes_per_second: Option<f64>,
    },
    Doubt {
        text: String,
    },
    Stage {
        name: &'a str,
        #[serde(flatten)]
        summary: Summary,
    },
    /// Sums over all ops of one kind, frame by frame.
    Kind {
        kind: &'a str,
        ops: usize,
        work: Work,
        #[serde(flatten)]
        summary: Summary,
        samples_ns: &'a [u64],
    },
    Op {
        name: &'a str,
        kind: &'a str,
        operations: u64,
        bytes: u64,
        min_ns: u64,
        p50_ns: u64,
        p95_ns: u64,
        p99_ns: u64,
        max_ns: u64,
    },
    Prompts {
        samples_ns: &'a [u64],
    },
    Frame {
        frame: usize,
        #[serde(flatten)]
        spans: &'a FrameSpans,
    },
}

impl Report {
    /// The whole measurement, a JSON object a line.
    pub(super) fn lines(&self) -> Result<String> {
        let mut lines = vec![self.machine_line(), Line::Start(self.start), self.result_line()];
        lines.extend(self.doubts.iter().map(|doubt| Line::Doubt { text: doubt.to_string() }));
        let stages = self.stages();
        lines.extend(stages.iter().map(|(name, samples)| {
            let summary = samples.summary();
            Line::Stage { name, summary }
        }));
        lines.extend(self.kinds.iter().map(|kind| Line::Kind {
            kind: kind.kind,
            ops: kind.ops,
            work: kind.work,
            summary: kind.samples.summary(),
            samples_ns: kind.samples.raw_ns(),
        }));
        lines.extend(self.op_lines());
        lines.push(Line::Prompts { samples_ns: self.prompts.raw_ns() });
        let frames = self.frames.spans.iter().enumerate();
        lines.extend(frames.map(|(frame, spans)| Line::Frame { frame, spans }));
        let mut text = String::new();
        for line in &lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        Ok(text)
    }

    fn machine_line(&self) -> Line<'_> {
        let (machine, config) = (&self.machine, &self.config);
        let facts = machine.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Line::Machine {
            version: VERSION,
            engine: &machine.engine,
            threads: machine.threads,
            facts: facts.collect(),
            worldtape_version: &machine.worldtape_version,
            build_commit: &machine.build_commit,
            started_unix_ms: machine.started_unix_ms,
            world: &config.world_name,
            world_digest: config.world_digest.to_string(),
            arithmetic: &config.arithmetic,
            passes: config.passes,
            prompt: config.prompt,
            prompt_frames: self.prompt_frames,
            seed: config.seed,
            clock_resolution_ns: self.clock_resolution_ns,
            clock_reading_ns: self.clock_reading_ns,
        }
    }

    fn result_line(&self) -> Line<'_> {
        let frames = self.frames.measured(|spans| spans.frame_ns);
        Line::Result {
            frames: frames.raw_ns().len(),
            frames_per_second: self.frames_per_second(),
            missed_at_24_per_second: frames.missed(24),
            missed_at_35_per_second: frames.missed(35),
            memory_bytes_max: self.frames.memory_bytes_max,
            tape_bytes: self.frames.tape_bytes,
            queue_waits: self.frames.queue_waits,
            other_load_processors: self.frames.other_load,
            observer_ratio: self.observer_ratio,
            op_clock: self.op_clock,
            work: self.work,
            int8_peak_operations_per_second: self.int8_peak_operations_per_second,
            read_bytes_per_second: self.read_bytes_per_second,
        }
    }

    fn op_lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.ops.iter().map(|op| {
            let summary = op.samples.summary();
            Line::Op {
                name: &op.name,
                kind: op.kind,
                operations: op.work.operations,
                bytes: op.work.bytes(),
                min_ns: summary.min_ns,
                p50_ns: summary.p50_ns,
                p95_ns: summary.p95_ns,
                p99_ns: summary.p99_ns,
                max_ns: summary.max_ns,
            }
        })
    }
}
