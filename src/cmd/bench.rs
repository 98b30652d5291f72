//! `worldtape bench`: how long frames, stages and ops take, how soon the first, in what memory.

mod lines;
mod passes;
mod text;

use super::machinery::{self, Device};
use super::progress::Steps;
use super::{Exit, files, output};
use crate::cli::Bench;
use crate::clock::Wall;
use crate::measure::{
    Doubt, Evidence, FrameSpans, Phase, Samples, Stopwatch, Work, doubts,
    int8_peak_operations_per_second, read_bytes_per_second, work_of,
};
use crate::program::Model;
use crate::session::{Config, Machine};
use anyhow::{Context, Result};
use passes::{Frames, OpClock, Ops, Tapped};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Everything that was measured.
struct Report {
    machine: Machine,
    config: Config,
    clock_resolution_ns: u64,
    clock_reading_ns: f64,
    start: Start,
    frames: Frames,
    prompts: Samples,
    prompt_frames: usize,
    ops: Vec<OpReport>,
    op_frames: usize,
    op_clock: OpClock,
    kinds: Vec<KindReport>,
    observer_ratio: f64,
    tapped: Tapped,
    work: Work,
    int8_peak_operations_per_second: Option<f64>,
    read_bytes_per_second: Option<f64>,
    doubts: Vec<Doubt>,
}

/// When each part of the start was done, in nanoseconds since the process began.
#[derive(Clone, Copy, Default, Serialize)]
struct Start {
    parsed_ns: u64,
    loaded_ns: u64,
    built_ns: u64,
    engine_ns: u64,
    prompt_ns: u64,
    tape_ns: u64,
    first_frame_ns: u64,
}

/// One op of the frame's program.
struct OpReport {
    name: String,
    kind: &'static str,
    work: Work,
    samples: Samples,
}

/// All ops of one kind; a sample is their sum over one frame.
struct KindReport {
    kind: &'static str,
    ops: usize,
    work: Work,
    samples: Samples,
}

pub(super) fn run(options: &Bench, watch: Stopwatch) -> Result<Exit> {
    let to_stdout = options.json.as_deref() == Some(Path::new("-"));
    let Some(path) = options.json.as_deref().filter(|_| !to_stdout) else {
        let report = prepare_and_measure(options, watch)?;
        output::text(&if to_stdout { report.lines()? } else { report.text()? })?;
        return Ok(Exit::Ok);
    };
    // Before the long work: a name that cannot be used is told at once.
    let mut file = files::create(path)?;
    let report = prepare_and_measure(options, watch).inspect_err(|_| files::discard(path))?;
    output::text(&report.text()?)?;
    let lines = report.lines()?;
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Exit::Ok)
}

/// What a recording does until its pool is there, with the time of each part.
fn prepare_and_measure(options: &Bench, watch: Stopwatch) -> Result<Report> {
    let parsed_ns = watch.now_ns();
    let device = Device::parse(&options.machinery.device)?;
    let (_, world) = machinery::load_world(options.machinery.world.as_deref())?;
    let loaded_ns = watch.now_ns();
    let prepared = machinery::prepare(&world, device.arithmetic(), options.choice)?;
    drop(world);
    let built_ns = watch.now_ns();
    let start = Start { parsed_ns, loaded_ns, built_ns, ..Start::default() };
    machinery::in_pool(None, || measure(options, device, prepared, start, watch))?
}

/// Every pass, one after the other, inside the engine's pool.
fn measure(
    options: &Bench,
    device: Device,
    prepared: machinery::Prepared,
    mut start: Start,
    watch: Stopwatch,
) -> Result<Report> {
    let machinery::Prepared { config, start: begin, model } = prepared;
    let mut engine = device.engine(model.clone())?;
    let machine = machinery::machine(engine.describe(), Wall::start().started_unix_ms);
    start.engine_ns = watch.now_ns();
    engine.reset(&begin).context("filling the memory from the prompt")?;
    start.prompt_ns = watch.now_ns();
    let steps = Steps::new(5, "measuring");
    steps.next("frames");
    let frames = passes::frames(options, engine.as_mut(), (&config, &machine), &mut start, watch)?;
    let (next, buttons) = (frames.spans.len(), config.action_names.len());
    steps.next("taps");
    let place = (next as u64, begin.actions.len() as u64, buttons);
    let tapped = passes::tapped(options, engine.as_mut(), place, watch)?;
    steps.next("ops");
    let next = (next + tapped.with.raw_ns().len(), buttons);
    let timed = passes::ops(options, engine.as_mut(), &model.frame, next, watch)?;
    steps.next("prompts");
    let prompts = passes::prompts(engine.as_mut(), &begin, watch)?;
    steps.next("the machine");
    let ops = op_reports(&model, &timed);
    let isa = machine.entries.iter().find(|(name, _)| name == "isa");
    let is_gpu = machine.engine.starts_with("cuda");
    let peak = isa.and_then(|(_, isa)| int8_peak_operations_per_second(isa));
    let (clock_resolution_ns, clock_reading_ns) = watch.resolution_ns();
    let step_ns = frames.measured(|spans| spans.step_ns).summary().p50_ns as f64;
    let observer_ratio = timed.steps.summary().p50_ns as f64 / step_ns.max(1.0);
    let doubts = doubts(&Evidence {
        frames_ns: frames.measured(|spans| spans.frame_ns).raw_ns().to_vec(),
        warm_up: u64::from(options.warm_up),
        other_load: frames.other_load,
        resolution_ns: clock_resolution_ns,
        observer_ratio,
        queue_waits: frames.queue_waits,
    });
    let mut work = Work::default();
    ops.iter().for_each(|op| work += op.work);
    Ok(Report {
        machine,
        config,
        clock_resolution_ns,
        clock_reading_ns,
        start,
        frames,
        prompts,
        prompt_frames: begin.actions.len(),
        kinds: kind_reports(&ops),
        ops,
        op_frames: timed.steps.raw_ns().len(),
        op_clock: timed.clock,
        observer_ratio,
        tapped,
        work,
        int8_peak_operations_per_second: peak,
        // The host's memory says nothing about a GPU.
        read_bytes_per_second: (!is_gpu).then(read_bytes_per_second),
        doubts,
    })
}

impl Frames {
    /// One span of every measured frame.
    fn measured(&self, span: impl Fn(&FrameSpans) -> u64) -> Samples {
        let measured = self.spans.iter().filter(|spans| spans.phase == Phase::Measured);
        measured.map(span).collect()
    }
}

fn op_reports(model: &Model, timed: &Ops) -> Vec<OpReport> {
    let nodes = model.frame.nodes.iter().zip(&timed.ops);
    let report = nodes.map(|(node, samples)| OpReport {
        name: node.name.clone(),
        kind: node.op.kind(),
        work: work_of(model, node),
        samples: samples.clone(),
    });
    report.collect()
}

/// The kinds, the one that takes longest first.
fn kind_reports(ops: &[OpReport]) -> Vec<KindReport> {
    let mut kinds: BTreeMap<&'static str, (usize, Work, Vec<u64>)> = BTreeMap::new();
    for op in ops {
        let frames = op.samples.raw_ns();
        let (count, work, sums) = kinds.entry(op.kind).or_default();
        *count += 1;
        *work += op.work;
        sums.resize(frames.len(), 0);
        sums.iter_mut().zip(frames).for_each(|(sum, ns)| *sum += ns);
    }
    let report = kinds.into_iter().map(|(kind, (ops, work, sums))| {
        let samples = sums.into_iter().collect();
        KindReport { kind, ops, work, samples }
    });
    let mut reports: Vec<KindReport> = report.collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.samples.summary().p50_ns));
    reports
}
