"""What training relies on: rounding, noise levels, runs within episodes, exact resuming."""

import argparse
import dataclasses

import numpy
import pytest
import torch

from training.data.container import write_tensors
from training.data.latents import held, load_latents
from training.learn import autoencoder, endless, losses, refine, world
from training.learn.contrast import Contrast
from training.learn.drawn import DrawnCritic
from training.learn.losses import edge_loss
from training.learn.optimise import near_orthogonal
from training.learn.scene import scenes
from training.learn.stays import COMPARED, PERIOD, Stays
from training.learn.world import Settings, Trainer, two_streams
from training.model.autoencoder import Autoencoder
from training.model.files import remembering
from training.model.products import Linear, fake_quantised, set_quantised
from training.model.session import Session
from training.model.shape import SCHEDULES, Shape
from training.model.transformer import Transformer, ages_after, ages_of_two

TINY = Shape(width=16, heads=2, blocks=1, mlp=16, time_features=8, decoder=(16, 16, 16),
             encoder=(16, 16, 16))


def test_rounding_has_at_most_127_steps_to_a_side_and_passes_the_gradient():
    x = torch.randn(3, 50, requires_grad=True)
    rounded = fake_quantised(x, (-1,))
    steps = rounded.detach() / (x.detach().abs().amax(dim=1, keepdim=True) / 127)
    assert (steps - steps.round()).abs().max() < 1e-3 and steps.abs().max() <= 127.001
    assert (rounded - x).abs().max() > 0
    rounded.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))


def test_rounding_is_on_only_where_it_was_turned_on():
    layer, x = Linear(8, 4), torch.randn(2, 8)
    plain = layer(x)
    set_quantised(layer, True)
    assert not torch.equal(layer(x), plain)
    set_quantised(layer, False)
    assert torch.equal(layer(x), plain)


def test_a_frame_to_be_made_is_trained_just_as_a_session_makes_it():
    torch.manual_seed(0)
    shape, levels, frames = Shape(width=32, heads=2, blocks=2, mlp=32, window=3), SCHEDULES[3], 8
    model = Transformer(shape).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    latents, noise = torch.randn(2, frames, *shape.latent), torch.randn(2, 2 * frames, *shape.latent)
    actions = (torch.rand(2, frames, 5) < 0.5).float()
    level = torch.cat([torch.full((2, frames), levels[-2]), torch.ones(2, frames)], dim=1)
    wide = level[..., None, None, None]
    x = (1 - wide) * torch.cat([latents, latents], dim=1) + wide * noise
    trained, _ = model(x, level, torch.cat([actions, actions], dim=1),
                       sees=ages_of_two(frames, shape.window, "cpu"))
    session = Session(model, levels)
    for now in range(1, frames):
        session.prompt(latents[:, :now], actions[:, :now], noise[:, :now])
        velocities = []
        session.step(actions[:, now], noise[:, frames + now], velocities)
        assert (velocities[0] - trained[:, frames + now]).abs().max() < 1e-4
    assert trained.abs().mean() > 0.1


def test_a_session_can_remember_what_other_passes_make():
    torch.manual_seed(2)
    model = Transformer(TINY).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    latents, noise = torch.randn(2, 2, 4, *TINY.latent)
    actions = torch.zeros(2, 4, 5)
    made, committed = {}, {}
    for name, levels, remembered in (("two", 2, 2), ("four", 4, 4), ("both", 2, 4)):
        session = Session(model, SCHEDULES[levels], SCHEDULES[remembered])
        session.prompt(latents, actions, noise)
        made[name] = [session.step(actions[:, now], noise[:, now]) for now in range(2)]
        committed[name] = session.committed
    assert torch.equal(made["both"][0], made["two"][0])
    assert torch.equal(committed["both"], committed["four"])
    assert (committed["both"] - committed["two"]).abs().max() > 1e-3
    assert (made["both"][1] - made["two"][1]).abs().max() > 1e-4


def test_played_memory_is_seen_at_the_committed_level_and_does_not_count():
    torch.manual_seed(0)
    settings = Settings()
    latents, memory = torch.randn(400, 8, *TINY.latent), torch.randn(100, 8, *TINY.latent)
    x, level, target, weight = two_streams(latents, memory, settings)
    assert torch.equal(x[300:, :8], memory) and (level[300:, :8] == SCHEDULES[3][-2]).all()
    assert (weight[300:, :8] == 0).all() and weight.sum() == 400 * 16 - 100 * 8
    assert level[:300, :8].max() <= settings.memory_level_max
    pure = level[:, 8:] == 1
    assert 0.2 < pure.float().mean() < 0.3
    noise = target + torch.cat([latents, latents], dim=1)
    assert torch.allclose(x[:, 8:][pure], noise[:, 8:][pure], atol=1e-5)


def refiner(shard, folder, **changes):
    arguments = argparse.Namespace(run=str(folder), device="cpu", start_from=None, compile=False,
                                   bfloat16=False, teacher=None)
    shape = dataclasses.replace(TINY, window=3, width=32, mlp=32)
    world.Trainer(arguments, Settings(steps=4), shape).save()
    autoencoder.Trainer(arguments, autoencoder.Settings(steps=1), shape).save()
    settings = refine.Settings(**{"batch": 2, "played": 3, "frames": 5, "sessions": 4, "restarts": 0.5,
                                  "held_restarts": 0.5} | changes)
    made = refine.Refiner(arguments, settings, shape)
    made.draw_from(load_latents([shard], shape.window + settings.frames, 5, "cpu"))
    return made, arguments


def test_what_the_critic_judges_is_what_the_sessions_make(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path)
    for weight in ours.model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    plays, levels = ours.plays, SCHEDULES[2]
    for _ in range(2):
        plays.refill(ours.model, levels, arguments)
        made, seen = ours.made(plays.committed, plays.actions, plays.noise, levels)
        assert (made - plays.made).abs().max() < 1e-4 * plays.made.abs().max()
        assert (seen - plays.committed[:, 3:]).abs().max() < 1e-4 * plays.committed.abs().max()
    assert (made - plays.noise).abs().mean() > 0.1


def test_sessions_go_on_and_some_begin_anew_and_some_hold_their_buttons(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, lingering=0.5)
    plays = ours.plays
    plays.refill(ours.model, SCHEDULES[2], arguments)
    went_on = 0
    for _ in range(8):
        before = plays.committed[:, -3:]
        plays.refill(ours.model, SCHEDULES[2], arguments)
        same = (plays.committed[:, :3] == before).flatten(1).all(dim=1)
        went_on += same.sum().item()
        assert (plays.actions[:2, 3:] == plays.actions[:2, 3:4]).all()
        assert torch.equal(plays.actions[:2][same[:2]][:, 2], plays.actions[:2][same[:2]][:, 3])
    assert 4 < went_on < 28


def test_sessions_that_hold_their_buttons_begin_anew_by_a_chance_of_their_own(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, lingering=0.5, restarts=1.0, held_restarts=0.0)
    plays = ours.plays
    plays.refill(ours.model, SCHEDULES[2], arguments)
    for _ in range(4):
        before = plays.committed[:, -3:]
        plays.refill(ours.model, SCHEDULES[2], arguments)
        same = (plays.committed[:, :3] == before).flatten(1).all(dim=1)
        assert same.tolist() == [True, True, False, False]


def test_sessions_with_a_known_truth_have_the_games_frames_beside_their_own(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, lingering=0.25)
    for weight in ours.model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    plays, data, count = ours.plays, ours.data, 0
    runs = data.latents[data.run_starts[:, None] + data.offsets].float()
    for _ in range(8):
        before = None if plays.committed is None else plays.committed[:, -3:]
        plays.refill(ours.model, SCHEDULES[2], arguments)
        truth, actions, committed = plays.with_truth(9)
        count += len(truth)
        assert 0 not in plays.known and (len(truth) == 9 or not len(plays.known))
        for shown, pressed, held in zip(truth, actions, committed):
            at = (runs[:, :5] == shown).flatten(1).all(dim=1).nonzero()[0]
            assert torch.equal(pressed, data.actions[data.run_starts[at] + data.offsets[:5]])
            assert (held[:3] - 0.85 * shown[:3]).std() < 0.3 < (held[3:] - 0.85 * shown[3:]).std()
        if before is not None:
            went_on = (plays.committed[:, :3] == before).flatten(1).all(dim=1)
            assert not went_on[plays.known].any()
        young = plays.of(plays.choose(7, young=5))[0][:5]
        if len(plays.young):
            assert all(any(torch.equal(one, plays.committed[at]) for at in plays.known) for one in young)
    assert count > 30


def test_who_stays_sees_one_place_however_long_until_it_is_lost(shard, tmp_path, monkeypatch):
    torch.manual_seed(9)
    monkeypatch.setattr(endless, "LOST_AT", 1000.0)
    ours, arguments = refiner(shard, tmp_path, lingering=0.5, staying=0.5, held_restarts=0.0)
    stays = stays_of(700)
    ours.draw_from(ours.data, stays)
    plays, lost = ours.plays, torch.zeros(2, dtype=torch.bool)
    assert plays.staying == 2 and len(stays.starts) == 2 * (700 - PERIOD - COMPARED)
    ages, begun = [set(), set()], 0
    for _ in range(140):
        before = None if plays.committed is None else (plays.committed[:2, -3:], plays.stays_at)
        plays.refill(ours.model, SCHEDULES[2], arguments)
        assert {0, 1} <= set(plays.known.tolist()) and not {0, 1} & set(plays.young.tolist())
        for at in range(2):
            frames = plays.stays_at[at] + (plays.stayed[at] + torch.arange(8)) % PERIOD
            assert torch.equal(plays.truth[at], stays.latents[frames].float())
            assert torch.equal(plays.actions[at], stays.actions[frames])
            ages[at].add(plays.stayed[at].item())
        if before is not None:
            same = (plays.committed[:2, :3] == before[0]).flatten(1).all(dim=1)
            assert torch.equal(same, ~lost) and torch.equal(plays.stayed > 0, ~lost)
            assert torch.equal(plays.stays_at[same], before[1][same])
        assert not plays.lost.any()
        lost = torch.rand(2) < 0.01
        begun += lost.sum().item()
        plays.lost[:2] = lost
        latents, actions = ours._runs()
        chosen = torch.tensor([3, 1, 0])
        game, pressed = plays.game_beside(chosen, latents[:3], actions[:3])
        assert torch.equal(game[1:], plays.truth[chosen[1:]])
        assert torch.equal(pressed[1:], plays.actions[chosen[1:]])
        assert torch.equal(game[0], latents[0]) and torch.equal(pressed[0], actions[0])
        assert (lost | (plays.near[:2, -1] == 1) | (plays._away()[:2].max(dim=1).values > 1)).all()
    assert begun > 0 and max(map(max, ages)) > PERIOD


def stays_of(length):
    """Two stays of `length` frames each, which show again what they showed a period ago, with a walk between."""
    frames = 2 * length + 10
    turning = 2 * torch.pi * torch.arange(frames) / PERIOD
    one, other = torch.randn(2, *TINY.latent)
    latents = turning.cos()[:, None, None, None] * one + turning.sin()[:, None, None, None] * other
    actions = torch.zeros(frames, 5)
    actions[length:length + 10, 0] = 1.0
    return Stays(latents.half(), actions, walk_between(length))


def walk_between(length):
    """The places of `stays_of`."""
    places = torch.zeros(2 * length + 10, 5)
    places[length:length + 10, 0] = torch.arange(10) + 1.0
    places[length + 10:, 0] = 50.0
    return places


def test_a_stay_is_where_nobody_moves_or_turns_or_presses_and_all_comes_again():
    length = PERIOD + COMPARED + 4
    stays = stays_of(length)
    assert stays.starts.tolist() == [*range(4), *range(length + 10, length + 14)]
    for spoilt in ("places", "turned", "actions", "latents"):
        latents, actions, places = stays.latents.clone(), stays.actions.clone(), walk_between(length)
        if spoilt == "places":
            places[100:, 1] += 0.6
        elif spoilt == "turned":
            places[100:, 2] = 359.8
        elif spoilt == "actions":
            actions[100, 4] = 1.0
        else:
            latents[PERIOD:PERIOD + COMPARED + 4] += 1
        assert Stays(latents, actions, places).starts.tolist() == [*range(length + 10, length + 14)]


def test_a_place_is_kept_as_long_as_what_is_made_is_like_it(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, staying=0.5)
    ours.draw_from(ours.data, stays_of(400))
    plays, play = ours.plays, Session.step
    made = []

    def step(session, action, noise):
        play(session, action, noise)
        truth = plays.stays.show(plays.stays_at, plays.stayed, plays.data.offsets)[0][:, 3 + len(made) % 5]
        made.append(torch.cat([truth, noise[2:]]))
        made[-1][1] *= {2: -1.0}.get(len(made) - 1, 0.5)
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "step", step)
        plays.refill(ours.model, SCHEDULES[2], arguments)
    assert plays.near[:2].tolist() == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert plays.lost.tolist() == [False, True, False, False]


def test_who_keeps_a_place_is_taught_what_the_game_shows_there(shard, tmp_path, monkeypatch):
    monkeypatch.setattr(endless, "LOST_AT", 100.0)
    errors = []
    for weight in (0.0, 30.0):
        torch.manual_seed(12)
        ours, _ = refiner(shard, tmp_path / str(weight), warmup=1, critic_warmup=1000, rate=1e-2, passes=(2,),
                          staying=0.5, staying_taught=2, teach_staying=weight, play_every=8, drawn=1)
        ours.draw_from(ours.data, stays_of(400))
        for _ in range(24):
            ours.train()
        errors.append(ours.of_staying.tolist())
        assert "0 of 2 lost" in ours.told()
    assert errors[1][0] < 0.9 * errors[0][0] and errors[1][1] < 0.9 * errors[0][1]


def test_contrast_is_missed_by_what_is_out_of_the_range_of_the_game():
    game = torch.randn(2000, *TINY.latent) * torch.linspace(0.8, 1.2, 2000)[:, None, None, None]
    contrast = Contrast(game, game[:1000])
    assert contrast.least.item() == pytest.approx(0.8, abs=0.03)
    assert contrast.most.item() == pytest.approx(1.2, abs=0.03)
    one = torch.randn(2, 3, *TINY.latent)
    one /= one.flatten(2).std(dim=2)[..., None, None, None]
    assert contrast.missed(one) == 0
    assert contrast.missed(0.5 * one).item() == pytest.approx((contrast.least.item() - 0.5) ** 2, rel=1e-3)
    assert contrast.missed(2 * one).item() == pytest.approx((2 - contrast.most.item()) ** 2, rel=1e-3)


def test_what_has_faded_comes_back_to_the_contrast_of_the_game(shard, tmp_path):
    missed = []
    for weight in (0.0, 300.0):
        torch.manual_seed(14)
        ours, _ = refiner(shard, tmp_path / str(weight), warmup=1, critic_warmup=1000, rate=3e-3, passes=(2,),
                          contrast=weight, drawn=1)
        ours.contrast.least = ours.contrast.most = torch.tensor(1.7)
        for _ in range(16):
            ours.train()
        missed.append(ours.contrast.missed(ours.made(*ours.plays.of(torch.arange(4)), SCHEDULES[2])[0]).item())
    assert missed[1] < 0.5 * missed[0]


def test_the_next_frame_is_taught_from_what_a_session_remembers(shard, tmp_path):
    torch.manual_seed(6)
    ours, arguments = refiner(shard, tmp_path, played_truth=3)
    for weight in ours.model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    ours.plays.refill(ours.model, SCHEDULES[2], arguments)
    latents, actions = ours._runs()
    found = []
    for committed in (ours.plays.committed, ours.plays.committed + 5):
        torch.manual_seed(7)
        ours.plays.committed = committed
        found.append(ours._flow(latents[:2], actions[:2]).item())
    assert found[0] != found[1]


def test_what_is_made_moves_to_where_the_critic_sees_the_game(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, warmup=1, critic_warmup=0, rate=3e-3,
                              critic_rate=1e-3, critic=0.0, passes=(2,), drawn_share=0.0)
    for _ in range(10):
        ours.train()
    plays = ours.plays
    score = lambda: ours.critic(
        scenes(ours.made(plays.committed, plays.actions, plays.noise, SCHEDULES[2])[0]),
        scenes(plays.actions[:, 3:])).mean().item()
    taught, before = dict(ours.critic.state_dict()), score()
    ours.settings = dataclasses.replace(ours.settings, critic=50.0, critic_rate=0.0)
    for _ in range(10):
        ours.train()
    assert all(torch.equal(taught[name], value) for name, value in ours.critic.state_dict().items())
    assert score() > before + 0.1


def test_few_passes_come_to_make_what_the_teacher_makes_with_many(shard, tmp_path):
    ours, arguments = refiner(shard, tmp_path, warmup=1, critic_warmup=1000, rate=3e-3,
                              passes=(2,), teacher_passes=4, teach=30.0)
    for weight in (*ours.model.parameters(), *ours.teacher.model.parameters()):
        torch.nn.init.normal_(weight, std=0.15, generator=torch.Generator().manual_seed(len(weight)))
    kept = {name: value.clone() for name, value in ours.teacher.model.state_dict().items()}
    errors, remembered = [], []
    for _ in range(60):
        ours.train()
        errors.append(ours.teacher.error.item())
        remembered.append(ours.teacher.remembered_error.item())
    assert numpy.mean(errors[-10:]) < 0.7 * numpy.mean(errors[:5])
    assert numpy.mean(remembered[-10:]) < 0.7 * numpy.mean(remembered[:5])
    assert all(torch.equal(kept[name], value)
               for name, value in ours.teacher.model.state_dict().items())
    assert "teacher's error" in ours.told()


class Plain(torch.nn.Module):
    """Draws each value of three channels as a square."""

    def decode(self, latents):
        return latents.repeat_interleave(8, dim=-1).repeat_interleave(8, dim=-2)


def test_the_critic_of_pictures_pulls_soft_latents_to_where_detail_is_drawn():
    torch.manual_seed(2)
    arguments = argparse.Namespace(device="cpu", bfloat16=False)
    critic = DrawnCritic(refine.Settings(drawn=4), Plain(), arguments)
    real = torch.randn(8, 3, 3, 4, 5)
    soft = 0.3 * real
    for _ in range(40):
        toward, ratio = critic.toward_the_game(soft, real, rate=1e-3)
        soft = soft - 0.05 * toward * soft.numel() ** 0.5 / toward.norm()
    assert toward.shape == soft.shape and 0.02 < ratio < 2
    assert losses.energy(soft) > 2 * losses.energy(0.3 * real)


def test_a_rehearsal_leaves_no_trace(shard, tmp_path):
    states = []
    for folder, rehearses in (("plain", False), ("rehearsed", True)):
        torch.manual_seed(5)
        ours, _ = refiner(shard, tmp_path / folder, warmup=1, critic_warmup=1)
        if rehearses:
            ours.rehearse()
            assert ours.course.step == 0
            ours.draw_from(load_latents([shard], 8, 5, "cpu"))
        else:
            ours.save()
        for _ in range(5):
            ours.train()
        states.append(ours.model.state_dict() | ours.critic.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_longer_memory_begins_as_the_shorter_one_and_looks_further_back():
    torch.manual_seed(4)
    short, frames = dataclasses.replace(TINY, window=3), 7
    model = Transformer(short).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    longer = remembering({f"dit.{name}": value for name, value in model.state_dict().items()}, 6)
    weights = {name.removeprefix("dit."): value for name, value in longer.items()}
    assert all(torch.equal(value[:, 3:], value[:, 3:4].expand(-1, 4)) for value in weights.values())
    other = Transformer(dataclasses.replace(short, window=6)).eval()
    other.load_state_dict(model.state_dict() | weights)
    x, actions = torch.randn(1, frames, *short.latent), torch.zeros(1, frames, 5)
    said = [net(x, torch.full((1, frames), 0.5), actions)[0][0] for net in (model, other)]
    differs = (said[0] - said[1]).flatten(1).abs().amax(dim=1)
    assert differs[:4].max() < 1e-5 and differs[4:].min() > 1e-4


def test_steps_of_muon_have_singular_values_near_one():
    stack = torch.randn(3, 24, 40, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(near_orthogonal(stack, 5, (3.4445, -4.7750, 2.0315)).float())
    assert values.min() > 0.4 and values.max() < 1.4
    tall = near_orthogonal(stack.mT, 5, (3.4445, -4.7750, 2.0315))
    assert tall.shape == (3, 40, 24)


def test_blur_raises_the_edge_loss():
    real = torch.randn(1, 3, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(real, 3, stride=1, padding=1)
    assert edge_loss(real, real) == 0 and edge_loss(blurred, real) > 0.1


def test_bits_become_buttons():
    assert held(torch.tensor([0, 5], dtype=torch.uint8), 5).tolist() == [
        [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]]


@pytest.fixture
def shard(tmp_path):
    random = numpy.random.default_rng(3)
    tensors = {"latents": random.normal(size=(40, *TINY.latent)).astype(numpy.float16),
               "actions": random.integers(0, 32, 40).astype(numpy.uint8),
               "starts": numpy.array([0, 7, 20], dtype=numpy.int64),
               "places": numpy.zeros((40, 5), dtype=numpy.float32)}
    write_tensors(tmp_path / "data" / "shard-00000.safetensors", tensors, {})
    return str(tmp_path / "data")


def test_runs_lie_within_episodes(shard):
    data = load_latents([shard], 8, 5, "cpu")
    wanted = [*range(7, 13), *range(20, 33)]
    assert data.run_starts.tolist() == wanted
    latents, actions = data.batch(6)
    assert latents.shape == (6, 8, *TINY.latent) and actions.shape == (6, 8, 5)


def test_training_that_was_stopped_goes_on_as_if_it_had_not_been(shard, tmp_path):
    settings = Settings(steps=4, batch=2, frames=6, warmup=1, played_from=1.0)

    def weights(folder, stops):
        torch.manual_seed(settings.seed)
        for stop in stops:
            arguments = argparse.Namespace(run=str(tmp_path / folder), device="cpu",
                                           start_from=None, compile=False,
                                   bfloat16=False)
            trainer = Trainer(arguments, settings, TINY)
            data = load_latents([shard], settings.frames, 5, "cpu")
            trainer.draw_from(data)
            while trainer.course.step < stop:
                trainer.train()
            trainer.save()
        return trainer.model.state_dict()

    whole, in_parts = weights("whole", [4]), weights("parts", [2, 4])
    assert all(torch.equal(whole[name], in_parts[name]) for name in whole)


def test_a_checkpoint_of_other_settings_is_refused(shard, tmp_path):
    arguments = argparse.Namespace(run=str(tmp_path), device="cpu", start_from=None, compile=False,
                                   bfloat16=False)
    Trainer(arguments, Settings(steps=4), TINY).save()
    with pytest.raises(SystemExit, match="other settings"):
        Trainer(arguments, Settings(steps=5), TINY)
    assert world.load_average(str(tmp_path))[0] == TINY
