"""Stage `refine`: against critics of long play, the world model learns to play without fading."""

import dataclasses
import os

import torch
from torch import nn
from torch.nn import functional

from training.clock import Deadline, Progress
from training.data.latents import Latents, load_latents
from training.data.shards import await_shards
from training.learn import autoencoder, losses, press, setup, world
from training.learn.contrast import Contrast
from training.learn.course import Course
from training.learn.drawn import DrawnCritic
from training.learn.endless import EndlessPlays
from training.learn.judge import Gain
from training.learn.optimise import (
    Average,
    gradients,
    load_checkpoint,
    move,
    optimiser_of,
    save_checkpoint,
    take_step,
)
from training.learn.scene import SceneCritic, scenes
from training.learn.stays import load_stays
from training.learn.teacher import Teacher, made_by
from training.model.files import autoencoder_of, read_world, transformer_of
from training.model.shape import SCHEDULES, Shape
from training.model.transformer import ages_after, ages_of_two

CHECKPOINT = "refined.pt"
SAVE_EVERY_STEPS = 500


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the world model's last training."""

    seed: int = 3
    steps: int = 6000
    seconds: float = 0.0
    """Where not 0, the schedule is of so many seconds of steps: for a machine lent for a while."""
    batch: int = 12
    """Runs of the game in a step: they keep teaching the next frame."""
    played_truth: int = 0
    """Runs more whose memory a session has played and whose next frame of the game is known: they teach
    it where the model's own slips are remembered."""
    played: int = 12
    """Sessions in a step: what is made in them is judged."""
    frames: int = 32
    """Frames of a run, and frames that a session plays before it is played on."""
    rate: float = 3e-4
    critic_rate: float = 2e-4
    warmup: int = 200
    critic_warmup: int = 200
    """First steps in which the critic learns and is not heard."""
    decay: float = 0.01
    average: float = 0.998
    passes: tuple = (2, 2, 2, 3)
    """Numbers of passes that are taught, in turn; all commit at the same level."""
    critic: float = 0.5
    """The critics' pull on the weights, as a share of the next frame's, times a gain of its own for
    each number of passes."""
    teacher_passes: int = 0
    """Passes of the teacher (learn/teacher.py), a frozen copy of the model it begins with or what `--teacher`
    names; 0: none."""
    taught: int = 6
    """Sessions, of those `played` in a step, that the teacher teaches: such as began anew no more than
    `frames` ago. Older ones may be where it is lost itself; there the critics speak alone."""
    teach: float = 1.0
    """Weight of the squared error against the teacher's frames, beside the next frame's."""
    staying_taught: int = 0
    """Sessions, of those `played` in a step, that stay: as long as they keep their place the game itself
    teaches them what few passes should make, since nothing else can come."""
    teach_staying: float = 1.0
    """Weight of the squared error against the game's frames there, beside the next frame's."""
    contrast: float = 0.0
    """Weight of the square by which the spread of what is played leaves that of the game
    (learn/contrast.py), beside the next frame's."""
    teach_remembered: float = 1.0
    """How much what the last pass sees, and the memory keeps, counts beside the frame for both."""
    gain_least: float = 0.3
    gain_most: float = 4.0
    sharpness: float = 1.0
    """Gradient energy of played pictures, of the game's drawn by the same decoder, at which the
    critics' pull is right."""
    drawn: int = 16
    """Scenes of each, the game's and played, whose pictures are drawn for a critic of their own."""
    drawn_share: float = 1.0
    """Pull of the critic of pictures, as a share of the pull of the critic of latents."""
    critic_noise: float = 0.4
    """Most noise on a scene that the critic sees, the game's or played: where it could tell them
    apart by a trace, it must still look at what is large."""
    sessions: int = 384
    restarts: float = 0.125
    """Share of the sessions that begin anew whenever they are played on."""
    held_restarts: float = 0.125
    """The same of those that hold what they hold or stay: what goes wrong there does so late."""
    lingering: float = 0.125
    """Share of the sessions that hold what they hold until they begin anew."""
    staying: float = 0.0
    """Share of the sessions that stay where the game's player stayed, where `--stays` shows that: what
    comes next is known there."""
    play_every: int = 80
    """Steps after which the sessions are played on."""
    press_share: float = 0.25
    """Share of the game's runs in which the trigger is pulled after a rest."""
    press_weight: float = 20.0
    """How much the place of the flash counts when it must come, and no sooner."""


def add_arguments(parser):
    """Arguments of `python -m training refine`."""
    setup.add_arguments(parser, minutes=8.5)
    parser.add_argument("--stays", metavar="FOLDER", help="encoded shards of the policy `stay`, without monsters")
    parser.add_argument("--teacher", metavar="WORLD", help="the teacher, instead of the model that it begins with")
    parser.add_argument("--await-shards", type=int, default=0, metavar="COUNT",
                        help="compile meanwhile, and begin when so many are encoded")


def run(arguments):
    """Trains, or goes on training, until the steps are done or the time is up."""
    deadline = Deadline(arguments.minutes)
    shape = setup.found_shape(arguments) if arguments.start_from \
        else world.load_average(arguments.run)[0]
    settings, shape = setup.prepared(arguments, Settings(), shape)
    refiner = Refiner(arguments, settings, shape)
    if arguments.await_shards:
        refiner.rehearse()
        await_shards(arguments.data, arguments.await_shards, deadline)
    stays = load_stays(arguments.stays, len(shape.buttons), arguments.device) if arguments.stays else None
    refiner.draw_from(load_latents(arguments.data, shape.window + settings.frames,
                                   len(shape.buttons), arguments.device), stays)
    progress = Progress("refine", refiner.course.step, settings.steps)
    while not refiner.course.is_done and not deadline.passed:
        refiner.train()
        progress.tell(refiner.course.step, refiner.told)
        if refiner.course.step % SAVE_EVERY_STEPS == 0:
            refiner.save()
    refiner.save()
    print(f"{refiner.path}: {refiner.course.told()}, {refiner.told()}")


class Refiner:
    """World model, average, critic and optimisers, and their checkpoint."""

    def __init__(self, arguments, settings, shape):
        self.settings, self.arguments, self.shape = settings, arguments, shape
        self.described = setup.described(settings, shape)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        device = arguments.device
        model = setup.started(arguments, shape, transformer_of) if arguments.start_from \
            else world.load_average(arguments.run)[1].train()
        self.model = model.to(device)
        self.average = Average(self.model, settings.average)
        self.optimiser = optimiser_of(self.model, settings, world.is_inner)
        self.critic = SceneCritic(shape).to(device)
        self.critic_optimiser = optimiser_of(self.critic, settings, betas=(0.5, 0.99))
        draws = setup.started(arguments, shape, autoencoder_of) if arguments.start_from \
            else autoencoder.load_average(arguments.run)[1]
        self.drawn = DrawnCritic(settings, draws, arguments)
        limits = settings.gain_least, settings.gain_most
        self.gains = nn.ModuleDict({str(passes): Gain(*limits) for passes in settings.passes})
        self.gains.to(device)
        self.course = Course(settings)
        self.teacher = Teacher(self._learned_from(), settings, arguments) if settings.teacher_passes else None
        self.taught = min(settings.taught, settings.played) if settings.teacher_passes else 0
        self.of_staying = torch.zeros(2)
        load_checkpoint(self.path, self._parts(), self.course, self.described)
        for played in (self.model, self.average.model, *([self.teacher.model] if self.teacher else [])):
            setup.compile_blocks(arguments, played)
        self.of_two = ages_of_two(settings.frames, shape.window, device)
        self.after = ages_after(settings.frames, shape.window, device)
        self.last = self.spread = None

    def _learned_from(self):
        """The model that teaches, if one does: that of `--teacher`, or the one that it begins with."""
        if not self.arguments.teacher:
            return self.model
        shape, tensors = read_world(self.arguments.teacher)
        if shape != self.shape:
            raise SystemExit(f"{self.arguments.teacher} has {shape}, what it is to teach has {self.shape}")
        return transformer_of(shape, tensors).to(self.arguments.device)

    def _parts(self):
        return {"model": self.model, "average": self.average.model, "optimiser": self.optimiser,
                "critic": self.critic, "critic_optimiser": self.critic_optimiser,
                "gains": self.gains, **self.drawn.parts()}

    def draw_from(self, data, stays=None):
        """Where runs come from, and the sessions, and where some of these stay."""
        settings = self.settings
        self.data = data
        self.plays = EndlessPlays(data, settings, stays)
        self.contrast = Contrast(data.latents, *([stays.latents] if stays else []))
        self.trigger, self.pressing, self.presses = None, 0, None
        if press.BUTTON in self.shape.buttons and settings.press_share:
            self.trigger = self.shape.buttons.index(press.BUTTON)
            self.presses = press.starts_with_press(data, self.trigger, self.shape.window,
                                                   settings.frames)
            self.pressing = round(settings.press_share * settings.batch) if len(self.presses) else 0

    def rehearse(self):
        """Steps of every kind on made-up runs, so that all is compiled, and back to where it was."""
        settings, shape, device = self.settings, self.shape, self.arguments.device
        self.save()
        run_frames = shape.window + settings.frames
        count = run_frames * settings.sessions
        self.draw_from(Latents(torch.randn(count, *shape.latent, device=device).half(),
                               (torch.rand(count, len(shape.buttons), device=device) < 0.3).float(),
                               torch.arange(count - run_frames, device=device), run_frames))
        self.course.step = settings.critic_warmup
        for _ in settings.passes:
            self.train()
        self.course = Course(settings)
        load_checkpoint(self.path, self._parts(), self.course, self.described)

    def train(self):
        """One step: the game's next frames, and what the critics say of played ones."""
        settings, course = self.settings, self.course
        turn = lambda count: settings.passes[count % len(settings.passes)]
        if self.plays.committed is None or course.step % settings.play_every == 0:
            played_by = turn(course.step // settings.play_every)
            self.plays.refill(self.average.model, SCHEDULES[played_by], self.arguments)
            self.spread = self.plays.spread()
        passes = turn(course.step)
        latents, actions = self._runs()
        chosen = self.plays.choose(settings.played, self.taught, settings.staying_taught)
        session = self.plays.of(chosen)
        made, seen_last = self.made(*session, SCHEDULES[passes])
        beside = self.plays.game_beside(chosen, latents[-settings.played:], actions[-settings.played:])
        real, real_actions = (scenes(values[:, -settings.frames:]) for values in beside)
        seen, their_actions = made.detach(), scenes(session[1][:, self.shape.window:])
        self._teach_critic((real, real_actions), (scenes(seen), their_actions))
        flow = gradients(self.model, self._flow(latents[:settings.batch], actions[:settings.batch]))
        toward, ratio = self._toward_the_game(seen, their_actions, real)
        if course.step >= settings.critic_warmup:
            gain = self.gains[str(passes)]
            gain.follow(ratio, settings.sharpness)
            self._add_critics(flow, made, toward, settings.critic * gain.value)
        wanted = []
        if self.teacher is not None:
            wanted.append(self._toward_the_teacher(made, seen_last, session))
        if settings.staying_taught and self.plays.staying:
            wanted.append(self._toward_the_truth(made, seen_last, chosen, SCHEDULES[passes][-2]))
        if settings.contrast:
            wanted.append(settings.contrast * self.contrast.missed(made))
        if wanted:
            torch._foreach_add_(flow, gradients(self.model, sum(wanted)))
        move(self.optimiser, self.model, flow, course.rate)
        self.average.follow(self.model, course.step)
        course.advance()

    def _add_critics(self, flow, made, toward, share):
        """Adds to the gradients `flow` on the weights those that lead what was `made` in the direction
        `toward`, where the critics would have it; they are `share` as long as `flow`."""
        pull = gradients(self.model, (made * toward).sum(), keep=True)
        scale = share * norm(flow) / norm(pull).clamp_min(1e-12)
        torch._foreach_add_(flow, torch._foreach_mul(pull, scale))

    def _toward_the_teacher(self, made, seen, session):
        """What grows smaller as that which was `made`, and `seen` by the last pass, of the young sessions
        comes to where the teacher would have it."""
        made, seen, *session = (part[:self.taught] for part in (made, seen, *session))
        taught, remembered = self.teacher.pull(made, seen, *session, self.after)
        return (made * taught).sum() + (seen * remembered).sum()

    def _toward_the_truth(self, made, seen, chosen, level):
        """The same of the sessions that stay, the last of the `chosen`, and of what the game shows there,
        for as long as they keep their place. `level` is that of the last pass."""
        settings = self.settings
        chosen = chosen[-settings.staying_taught:]
        truth, noise = self.plays.truth[chosen, self.shape.window:], self.plays.noise[chosen]
        remembered = (1 - level) * truth + level * noise
        near = self.plays.near[chosen] / self.plays.near[chosen].sum().clamp_min(1)
        over_near = lambda of, wanted: (near * (of[-len(chosen):] - wanted).square().mean(dim=(2, 3, 4))).sum()
        error = over_near(made, truth)
        of_remembered = over_near(seen, remembered) / (1 - level) ** 2
        self.of_staying = torch.stack([error, of_remembered]).detach()
        return settings.teach_staying * (error + settings.teach_remembered * of_remembered)

    def _toward_the_game(self, made, actions, real):
        """Where both critics would have what was `made` go, `actions` being those of its scenes, and the
        gradient energy of its pictures, of the game's. The critic of pictures learns from it."""
        made = made.requires_grad_()
        told = scenes(made)
        with setup.half(self.arguments):
            says = -self.critic(self._noisy(told), actions).float().mean()
        by_latents, = torch.autograd.grad(says, told, retain_graph=True)
        by_pictures, ratio = self.drawn.toward_the_game(told, real, self._critic_rate())
        unit = lambda toward: toward / toward.norm().clamp_min(1e-12)
        toward = unit(by_latents) + self.settings.drawn_share * unit(by_pictures)
        return torch.autograd.grad(told, made, toward)[0], ratio

    def _critic_rate(self):
        return self.settings.critic_rate * self.course.rate / self.settings.rate

    def made(self, committed, actions, noise, levels):
        """What the model makes now of the sessions' memory, and what its last pass sees, with gradients:
        see `made_by`."""
        return made_by(self.model, committed, actions, noise, self.after, levels, self.arguments)

    def _runs(self):
        """Runs of the game, [batch + played, window + frames, ...]: the first `pressing` with the
        trigger pulled, the last `played` for the critic."""
        settings = self.settings
        latents, actions = self.data.batch(settings.batch + settings.played - self.pressing)
        if not self.pressing:
            return latents, actions
        more, their_actions = self.data.batch(self.pressing, self.presses)
        return torch.cat([more, latents]), torch.cat([their_actions, actions])

    def _flow(self, latents, actions):
        """The loss of the stage `world`, of the frames after the first `window`, and of sessions
        whose truth is known."""
        frames, shape = self.settings.frames, self.shape
        shows = torch.ones(len(latents), frames, shape.latent_height, shape.latent_width,
                           device=latents.device)
        if self.pressing:
            shows = press.weight_of_press(actions[..., self.trigger], shape.window, frames, shape,
                                          self.settings.press_weight)
        truth, pressed, committed = self.plays.with_truth(self.settings.played_truth)
        latents = torch.cat([latents[:, -frames:], truth])
        actions = torch.cat([actions[:, -frames:], pressed])
        x, level, target, weight = world.two_streams(latents, committed, world.Settings())
        weight = weight[..., None, None].repeat(1, 1, shape.latent_height, shape.latent_width)
        weight[:len(shows), frames:] = shows
        with setup.half(self.arguments):
            velocity, _ = self.model(x, level, torch.cat([actions, actions], dim=1),
                                        sees=self.of_two)
        self.last = losses.velocity_loss(velocity, target, weight)
        return self.last

    def _teach_critic(self, real, made):
        """One step of the critic on scenes and their actions."""
        both = torch.cat([real[0], made[0]]), torch.cat([real[1], made[1]])
        with setup.half(self.arguments):
            scores = self.critic(self._noisy(both[0]), both[1]).float()
        real_scores, made_scores = scores.chunk(2)
        loss = (functional.relu(1 - real_scores).mean()
                + functional.relu(1 + made_scores).mean()) / 2
        self.doubt = loss.detach()
        take_step(self.critic_optimiser, self.critic, loss, self._critic_rate())

    def _noisy(self, latents):
        most = self.settings.critic_noise
        size = most * torch.rand(len(latents), 1, 1, 1, 1, device=latents.device)
        return latents + size * torch.randn_like(latents)

    def told(self):
        """How it goes, as text; waits for the device."""
        mean, least, most = self.spread
        gains = ", ".join(f"{passes} passes gain {gain.value.item():.2f} sharpness "
                          f"{gain.ratio.item():.2f}" for passes, gain in self.gains.items())
        taught = f"{self.teacher.told()}, " if self.teacher is not None else ""
        lost, staying = int(self.plays.lost.sum()), self.plays.staying
        error, remembered = self.of_staying.tolist()
        stay = f"staying: error {error:.4f}, of what is remembered {remembered:.4f}, {lost} of {staying} " \
            "lost, " if staying else ""
        return (f"loss {self.last.item():.4f}, {taught}{stay}critic's loss {self.doubt.item():.2f}, "
                f"{gains}, spread of sessions {mean:.2f} ({least:.2f} to {most:.2f})")

    def save(self):
        """Writes the checkpoint."""
        save_checkpoint(self.path, self._parts(), self.course, self.described)


def norm(parts):
    """The length of all tensors together."""
    return torch.stack(torch._foreach_norm(parts)).norm()


def load_average(run_folder):
    """Shape and Transformer of a run: refined, where it was."""
    if not os.path.exists(os.path.join(run_folder, CHECKPOINT)):
        return world.load_average(run_folder)
    return world.load_average(run_folder, CHECKPOINT)
