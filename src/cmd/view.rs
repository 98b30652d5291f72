//! `worldtape view`: a tape like a film, made again here, with the verdict on every frame.

mod maker;
mod sides;
mod telling;

pub(super) use sides::NoFrame;

use super::machinery::{self, Device};
use super::{Exit, signals, terminal};
use crate::cli::View;
use crate::clock::Wall;
use crate::screen::Look;
use crate::screen::view::Viewer;
use anyhow::Result;
use maker::Maker;
use sides::{Against, Plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) fn run(options: &View) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    let against = options.against.as_deref().map(Against::parse).transpose()?;
    let look = terminal::here()?.look;
    let plan = Plan::read(&options.file, device, options)?;
    let other = against.map(|against| against.plan(&plan, options)).transpose()?;
    let view = || view(&plan, other.as_ref(), look, !options.no_verify);
    machinery::in_pool(None, view)?
}

/// Everything that may fail comes before the terminal is taken.
fn view(plan: &Plan, other: Option<&Plan>, look: Look, verify: bool) -> Result<Exit> {
    let plans: Vec<&Plan> = [Some(plan), other].into_iter().flatten().collect();
    let sides = plans.iter().map(|plan| plan.side(plans.len())).collect::<Result<Vec<_>>>()?;
    let facts = telling::facts(plan, other, &sides);
    let desk = Arc::new(telling::desk(plan, other, &sides, &facts));
    let names = facts.sides.clone();
    let sides = sides.into_iter();
    let sides = sides.map(|side| maker::Side::new(side.rewind, side.is_checked && verify));
    let mut maker = Maker::new(sides.collect());
    let caught = signals::catch()?;
    let quit = Arc::new(AtomicBool::new(false));
    let viewer = Viewer::open(facts, look, Arc::clone(&desk), Wall::start())?;
    let _watch = caught.watch(Arc::clone(&quit), viewer.restorer())?;
    maker.work(&desk, &quit);
    viewer.close()?;
    Ok(telling::tell(plan, other, &names, &desk))
}
