//! `replay --bisect` exits as `git bisect run` wants it; `bisect` names commit, frame and op.
//!
//! This program is both: asked to `replay` or for `taps` it answers as a faulty build of worldtape
//! would; else it runs its tests, in whose repositories commits "build" it or the real one.

#[path = "common/command.rs"]
mod command;
#[path = "cli_drift_bisect/commits.rs"]
mod commits;
mod common;
#[path = "common/page.rs"]
mod page;
mod planting;

use clap::Parser;
use command::{Place, Ran};
use commits::{Built, Commits};
use page::{assert_described, tables};
use planting::{Fault, Faulty, Plant};
use serde_json::Value;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;
use worldtape::cli::{Cli, Verb};
use worldtape::clock::Wall;
use worldtape::cmd::{Exit, answer_taps, replay_tape};
use worldtape::engine::Engine;
use worldtape::program::Model;
use worldtape::session::Tape;

const REPLAY: &str = "replay --bisect --world tiny.safetensors --device cpu";

/// The frame in which faulty builds go wrong.
const FRAME: u64 = 30;

/// The op in which they do: it shows in its frame whatever happens to it.
const OP: &str = "pass1.latent";

/// The faulty build.
fn faulty(cli: Cli) -> Exit {
    let model = common::tiny_model(2);
    let node = model.frame.nodes.iter().position(|node| node.name == OP).expect("an op");
    let plant = Plant { fault: Fault::EveryUlp, node, output: 0, element: 0 };
    let wrap = |engine: Box<dyn Engine + Send>| -> Box<dyn Engine + Send> {
        Box::new(Faulty::new(engine, &model, FRAME, plant))
    };
    match cli.verb {
        Some(Verb::Taps(options)) => answer_taps(&options, &wrap).expect("taps"),
        Some(Verb::Replay(options)) => {
            let bytes = std::fs::read(&options.files[0]).expect("the tape");
            let tape = Tape::read(&bytes).expect("the tape");
            let mut engine = wrap(engine(&model));
            let (start, clock) = (common::tiny_start(0, 0), Wall::start());
            let verdict = replay_tape(&tape, &mut *engine, &start, &clock, true).expect("frames");
            Exit::of_bisect(Exit::of_replay(&verdict, &tape))
        }
        verb => panic!("not asked for by bisect: {verb:?}"),
    }
}

fn engine(model: &Arc<Model>) -> Box<dyn Engine + Send> {
    Box::new(common::engine(model))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    if words.get(1).is_some_and(|word| word == "taps" || word == "replay") {
        return ExitCode::from(faulty(Cli::parse()).number());
    }
    type Test = fn();
    let tests: [(&str, Test); 7] = [
        ("same_is_0_drift_is_1_and_anything_else_is_125", replay_exits_for_git),
        ("commit_frame_and_op_are_named_and_shown_again", all_is_named),
        ("a_dirty_checkout_and_a_bisection_of_its_own_stay_as_they_are", nothing_is_touched),
        ("commits_that_cannot_be_judged_are_skipped", skips_are_told),
        ("a_merge_is_searched_as_git_does", merges_are_searched),
        ("what_cannot_be_searched_is_one_line", refusals_are_one_line),
        ("a_signal_ends_the_build_and_leaves_nothing", signals_leave_nothing),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", tests.len());
    ExitCode::SUCCESS
}

fn replay_exits_for_git() {
    let place = Place::with_tape();
    place.altered("other.wtape", |tape| tape.outcomes[40].state_sum ^= 1);
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 70]);
    place.write("empty.wtape", "");
    place.run(&format!("{REPLAY} walk.wtape")).exits(0);
    let ran = place.run(&format!("{REPLAY} walk.wtape other.wtape")).exits(1);
    assert!(ran.out.contains("first differing state frame 40"), "{ran:?}");
    assert!(ran.out.contains("1 of 41 frames differ"), "it ends at the drift: {ran:?}");
    for name in ["cut", "empty", "missing"] {
        place.run(&format!("{REPLAY} {name}.wtape")).exits(125);
    }
    // A tape that cannot be read hides what another one shows.
    place.run(&format!("{REPLAY} other.wtape missing.wtape")).exits(125);
}

fn all_is_named() {
    use Built::{Faulty, Right};
    let commits = Commits::new(&[Right, Right, Right, Faulty, Faulty, Faulty, Faulty]);
    let ran = commits.bisect("--good c0 --bad c6 --keep kept --json").exits(3);
    let found = ran.json();
    assert_eq!(found["first_bad"]["subject"], "c3 builds a faulty program");
    assert_eq!(found["first_bad"]["hash"], commits.git("rev-parse c3").trim());
    assert_eq!(
        (&found["first_bad"]["author"], found["among"].as_array().map(Vec::len)),
        (&"Somebody".into(), Some(1))
    );
    let explanation = &found["explanation"];
    assert_eq!((&explanation["op"]["name"], &explanation["entered"]), (&OP.into(), &FRAME.into()));
    assert_eq!(explanation["op"]["inputs"], "equal");
    let parent = found["last_good"]["subject"].as_str().expect("a subject");
    assert!(parent.starts_with("c2 "), "{parent}");
    the_page_is_right(&found);
    // What is printed shows it again, with the builds that were kept.
    let again = explanation["reproduce"].as_str().expect("a command");
    assert!(again.starts_with("kept/good explain walk.wtape --frame 30 --against kept/bad"));
    let again = commits.place.shell(&format!("{again} --json")).exits(3).json();
    assert_eq!(again["op"], explanation["op"]);
    // For people: everything in the verdict.
    let said = commits.bisect("--good c0 --bad c6").exits(3);
    let hash = &commits.git("rev-parse c3")[..8];
    let verdict = format!(
        "verdict  DRIFT: op {OP} in frame {FRAME}, its inputs are the same; first bad commit \
            {hash} c3 builds a faulty program\n"
    );
    assert!(said.out.ends_with(&verdict), "{said:?}");
    assert!(said.err.contains("\nbad       "), "progress: {said:?}");
}

fn the_page_is_right(found: &Value) {
    let page = std::fs::read_to_string(common::path("formats/drift.md")).expect("the page");
    let tables = tables(&page);
    let described = |name: &str, object: &Value| assert_described(name, object, &tables[name]);
    described("bisect", found);
    described("commit", &found["first_bad"]);
    described("explain", &found["explanation"]);
    for judged in found["judged"].as_array().expect("a list") {
        described("judged", judged);
    }
}

fn nothing_is_touched() {
    use Built::{Faulty, Right};
    let commits = Commits::new(&[Right, Right, Faulty, Faulty]);
    commits.write("staged", "new");
    commits.git("add staged");
    commits.write("build", "exit 1 # changed here alone");
    commits.write("untracked", "mine");
    commits.git("bisect start");
    commits.git("bisect bad c3");
    let states = ["status --porcelain", "for-each-ref", "rev-parse HEAD", "worktree list"];
    let states = || (states.map(|words| commits.git(words)), commits.files());
    let before = states();
    // Asked for in a folder of the checkout, and as from a hook.
    let mut command = commits.command("--good c0 --bad c3 --json");
    command.env("GIT_DIR", "/nowhere").env("GIT_INDEX_FILE", "/nowhere/index");
    let found = Ran::from(command.output().expect("runs")).exits(3).json();
    assert_eq!(found["first_bad"]["subject"], "c2 builds a faulty program");
    assert_eq!(states(), before);
    assert_eq!(commits.left_over(), Vec::<String>::new());
    let again = found["explanation"]["reproduce"].is_null();
    assert!(again, "the builds are gone: {found}");
}

fn skips_are_told() {
    use Built::{Broken, Faulty, Nothing, Old, Right};
    let commits = Commits::new(&[Right, Broken, Right, Old, Nothing, Faulty, Broken, Faulty]);
    let ran = commits.bisect("--good c0 --bad c7 --json").exits(3);
    let found = ran.json();
    assert!(found["first_bad"].is_null(), "{found}");
    let among = found["among"].as_array().expect("a list").iter();
    let mut among: Vec<&str> = among.filter_map(|commit| commit["subject"].as_str()).collect();
    among.sort_unstable();
    let subjects = ["c3 builds an old program", "c4 builds nothing", "c5 builds a faulty program"];
    assert_eq!(among, subjects);
    assert_eq!(found["explanation"]["op"]["name"], OP);
    let judged = found["judged"].as_array().expect("a list");
    let reason = |subject: &str| {
        let of = judged.iter().find(|judged| judged["commit"]["subject"] == subject);
        of.and_then(|judged| judged["reason"].as_str()).unwrap_or_default().to_owned()
    };
    assert_eq!(reason(subjects[0]), "its replay: exit code 2; its last words: usage: old");
    assert!(reason(subjects[1]).starts_with("the build: it leaves no program at "), "{found}");
    let said = commits.bisect("--good c0 --bad c7").exits(3).out;
    assert!(said.contains("the first bad commit is one of 3"), "{said}");
    assert!(said.contains("skipped\n"), "{said}");
}

fn merges_are_searched() {
    use Built::{Faulty, Right};
    let commits = Commits::new(&[Right, Right]);
    commits.git("checkout --quiet -b side c0");
    commits.commit("side", Faulty);
    commits.git("merge --quiet --strategy=ours --no-edit main");
    commits.commit("after", Faulty);
    let found = commits.bisect("--good c1 --bad after --json").exits(3).json();
    assert_eq!(found["first_bad"]["subject"], "side builds a faulty program");
    // On another branch than the good one, the commit that both grew from is asked first.
    let found = commits.bisect("--good c1 --bad side --json").exits(3).json();
    assert_eq!(found["first_bad"]["subject"], "side builds a faulty program");
}

fn refusals_are_one_line() {
    use Built::{Broken, Faulty, Right};
    let commits = Commits::new(&[Right, Right, Faulty, Faulty, Broken]);
    for (words, told) in [
        ("--good c2 --bad c3", "c2 builds a faulty program: its build drifts already"),
        ("--good c0 --bad c1", "c1 builds the right program: its build makes every frame of the"),
        ("--good c0 --bad c4", "the build: exit code 9; its last words: cannot build"),
        ("--good c1 --bad c1", "--good and --bad are one commit"),
        ("--good c3 --bad c0", "git cannot look between these commits; it says: Some good revs"),
        ("--good c0 --bad nine", "--bad: nine names no commit of this repository"),
        ("--good c0 --bad -x", "--bad: -x names no commit of this repository"),
        ("--good c0 --bad c3 --repository nowhere", "--repository names no folder"),
        ("--good c0 --bad c3 --repository outside", "it says: fatal: not a git repository"),
        ("--good c0 --bad c3 --program none", "it leaves no program at "),
        ("--good c0 --bad c3 --keep outside", "outside exists and is not written over"),
    ] {
        std::fs::create_dir_all(commits.place.path("outside")).expect("a folder");
        let words = words.replace("--bad -x", "--bad=-x");
        let ran = commits.bisect(&words).exits(1);
        let last = ran.err.lines().last().unwrap_or_default();
        assert!(last.starts_with("worldtape: ") && last.contains(told), "{words}: {ran:?}");
        assert_eq!((ran.out.as_str(), commits.left_over()), ("", Vec::new()), "{words}");
    }
    let mut command = commits.command("--good c0 --bad c3");
    let ran = Ran::from(command.env("PATH", "/nowhere").output().expect("runs")).exits(1);
    let told = "--repository: git rev-parse: it cannot be started: No such file";
    assert!(ran.complaint().starts_with(told), "{ran:?}");
    let whole = commits.place.read("walk.wtape");
    commits.place.write("walk.wtape", &whole[..whole.len() - 70]);
    let ran = commits.bisect("--good c0 --bad c3").exits(1);
    assert!(ran.err.contains("no build can judge a tape that is not whole"), "{ran:?}");
}

fn signals_leave_nothing() {
    let commits = Commits::new(&[Built::Right, Built::Endless, Built::Faulty]);
    let mut command = commits.command("--good c0 --bad c2");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("starts");
    // The endless build says that it is at work.
    let started = commits.place.path("started");
    for _ in 0..600 {
        if started.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let process = std::fs::read_to_string(&started).expect("at work");
    Command::new("kill").arg(child.id().to_string()).status().expect("killed");
    let ran = Ran::from(child.wait_with_output().expect("ends")).exits(1);
    assert!(ran.err.ends_with("worldtape: interrupted\n"), "{ran:?}");
    // Where nobody asks how a process ended, it stays listed as a dead one.
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.trim()));
    let is_over = status.as_deref().map_or(true, |status| status.contains("State:\tZ"));
    assert!(is_over, "{status:?}");
    assert_eq!(commits.left_over(), Vec::<String>::new());
    assert_eq!(commits.git("worktree list").lines().count(), 1);
}
