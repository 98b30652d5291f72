"""Episodes set aside for evaluation, and the real game's full turn on the spot."""

import numpy

from training.data.container import digest, write_tensors
from training.data.game import Game
from training.data.play import Player, empty
from training.data.scenarios import SCENARIOS
from training.settings import BUTTONS, FRAMES_PER_SECOND

FORMAT = "held-out-1"
STREAM = 1
"""Seeds of held-out play begin with this; those of training data with 0."""
TRIES_MAX = 1000
STILL_TICS = 24
"""Tics that the player stands before a circle; the last of them are its prompt."""
PROMPT_FRAMES = 8
CIRCLE_DEGREES = 360.0
TURN_DEGREES = 3.515625
"""Turning speed a tic, after the first slow tics."""
CLOSE_DEGREES = 0.9
CIRCLE_TICS_MAX = 200


def add_arguments(parser):
    """Arguments of `python -m training heldout`."""
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--episodes", type=int, default=12)
    parser.add_argument("--frames", type=int, default=250, help="frames of an episode")
    parser.add_argument("--skip", type=int, default=200, help="at most so many tics come before")
    parser.add_argument("--circles", type=int, default=4)
    parser.add_argument("--buttons", nargs="+", default=list(BUTTONS))
    parser.add_argument("-o", "--output", required=True)


def run(arguments):
    """Plays the episodes and writes the file, still without latents."""
    scenario = SCENARIOS[arguments.scenario]
    seed = numpy.random.SeedSequence([arguments.seed, STREAM])
    play_seed, circle_seed = seed.spawn(2)
    pictures, actions = _episodes(scenario, arguments.buttons, play_seed, arguments)
    tensors = {"episodes.pictures": pictures, "episodes.actions": actions}
    if arguments.circles:
        pictures, actions = _circles(scenario, arguments.buttons, circle_seed, arguments.circles)
        tensors |= {"circle.pictures": pictures, "circle.actions": actions}
    about = {"format": FORMAT, "world": scenario.name, "frames_per_second": FRAMES_PER_SECOND,
             "actions": list(arguments.buttons), "seed": arguments.seed}
    write_tensors(arguments.output, tensors, about)
    print(f"{arguments.output}: sha256 {digest(arguments.output)}")


def _episodes(scenario, buttons, seed, arguments):
    """Pictures [episodes, frames, ...] and actions of episodes that last long enough."""
    play_seed, skip_seed = seed.spawn(2)
    skips = numpy.random.default_rng(skip_seed)
    player = Player(scenario, buttons, "roam", play_seed)
    pictures, actions = [], []
    for _ in range(TRIES_MAX):
        skip = int(skips.integers(0, arguments.skip + 1))
        frames = empty(skip + arguments.frames)
        if player.episode(frames, 0, skip + arguments.frames) == skip + arguments.frames:
            pictures.append(frames.pictures[skip:])
            actions.append(frames.actions[skip:])
        if len(pictures) == arguments.episodes:
            player.close()
            return numpy.stack(pictures), numpy.stack(actions)
    raise SystemExit(f"{scenario.name}: too few episodes last {arguments.frames} frames; ask for "
                     "shorter ones")


def _circles(scenario, buttons, seed, count):
    """Pictures [count, frames, ...] and actions of full turns to the left, back to the first view.

    The first row finds the buttons; the others hold the same, so that all are of one length."""
    game = Game(scenario, int(seed.generate_state(1)[0] >> 1), buttons)
    left = 1 << buttons.index("left")
    rows, plan = [], None
    for _ in range(count):
        game.start()
        for _ in range(STILL_TICS - PROMPT_FRAMES):
            game.act(0)
        still = [game.act(0) for _ in range(PROMPT_FRAMES)]
        plan, turned = _turn(game, left, still[-1].angle, plan)
        rows.append(numpy.stack([view.picture for view in still + turned]))
    game.close()
    actions = numpy.array([0] * PROMPT_FRAMES + plan, dtype=numpy.uint8)
    return numpy.stack(rows), numpy.tile(actions, (count, 1))


def _turn(game, left, start, plan):
    """One circle: the buttons of each tic, and the views. Follows `plan` if there is one.

    Full speed until less than a tic's turn is missing; then single taps, which turn half as far."""
    views, held, missing = [], [], CIRCLE_DEGREES
    while len(held) < CIRCLE_TICS_MAX:
        if plan is not None:
            bits = plan[len(held)]
        elif missing > TURN_DEGREES:
            bits = left
        else:
            bits = 0 if held[-1] else left
        held.append(bits)
        views.append(game.act(bits))
        missing = CIRCLE_DEGREES - (views[-1].angle - start) % CIRCLE_DEGREES
        done = min(missing, CIRCLE_DEGREES - missing) < CLOSE_DEGREES
        if len(held) == len(plan) if plan is not None else done:
            return held, views
    raise SystemExit(f"no full circle in {CIRCLE_TICS_MAX} tics; {missing:.1f} degrees are missing")
