"""What the trainings share: optimisers, one step, running average of the weights, checkpoints."""

import copy
import os

import torch

from training.data.container import whole


class Muon(torch.optim.Optimizer):
    """Momentum whose matrices are brought near an orthogonal one before each step (Muon, Keller
    Jordan 2024); steps are as large as AdamW's (Moonlight, 2025), so both share a rate.

    PyTorch's own takes no convolution and one matrix at a time; matrices of a shape go together
    here."""

    MOMENTUM = 0.95
    ROUNDS = 5
    POLYNOMIAL = (3.4445, -4.7750, 2.0315)
    LIKE_ADAM = 0.2

    def __init__(self, weights, lr, weight_decay):
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        """Moves every weight that has a gradient."""
        for group in self.param_groups:
            shapes = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes.setdefault(weight.shape, []).append(weight)
            for weights in shapes.values():
                self._move(weights, group["lr"], group["weight_decay"])

    def _move(self, weights, rate, decay):
        gradients = [weight.grad for weight in weights]
        held = [self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                for weight in weights]
        torch._foreach_lerp_(held, gradients, 1 - self.MOMENTUM)
        looked = torch._foreach_lerp(gradients, held, self.MOMENTUM)
        stack = torch.stack([value.flatten(1) for value in looked])
        size = self.LIKE_ADAM * max(stack.shape[1:]) ** 0.5
        moves = near_orthogonal(stack, self.ROUNDS, self.POLYNOMIAL) * (-rate * size)
        torch._foreach_mul_(weights, 1 - rate * decay)
        torch._foreach_add_(weights, [move.view_as(weight).to(weight.dtype)
                                      for move, weight in zip(moves.unbind(), weights)])


def near_orthogonal(stack, rounds, polynomial):
    """Matrices [count, rows, columns] with all singular values brought near 1, in bfloat16."""
    a, b, c = polynomial
    x = stack.bfloat16()
    x = x.mT if x.shape[1] > x.shape[2] else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if stack.shape[1] > stack.shape[2] else x


class Optimisers:
    """Several optimisers that act as one."""

    def __init__(self, parts):
        self.parts = parts

    @property
    def param_groups(self):
        """The groups of all."""
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none=True):
        """Of all."""
        for part in self.parts:
            part.zero_grad(set_to_none=set_to_none)

    def step(self):
        """Of all."""
        for part in self.parts:
            part.step()

    def state_dict(self):
        """Of all, by place."""
        return {str(place): part.state_dict() for place, part in enumerate(self.parts)}

    def load_state_dict(self, states):
        """Of all, by place."""
        for place, part in enumerate(self.parts):
            part.load_state_dict(states[str(place)])


def optimiser_of(model, settings, is_inner=None, betas=(0.9, 0.99)):
    """AdamW; matrices decay, vectors do not. Muon for the matrices whose names `is_inner` picks:
    those between hidden values."""
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    inner = [name for name in trained if is_inner and is_inner(name)]
    outer = [value for name, value in trained.items() if name not in inner]
    groups = [{"params": [value for value in outer if value.dim() >= 2],
               "weight_decay": settings.decay},
              {"params": [value for value in outer if value.dim() < 2], "weight_decay": 0.0}]
    parts = [torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.rate,
                               betas=betas, fused=any(value.is_cuda for value in outer))]
    if inner:
        parts.append(Muon([trained[name] for name in inner], settings.rate, settings.decay))
    return Optimisers(parts)


def take_step(optimiser, model, loss, rate, gradient_max=1.0):
    """One step at learning rate `rate`, gradients clipped at the norm `gradient_max`."""
    move(optimiser, model, gradients(model, loss), rate, gradient_max)


def gradients(model, loss, keep=False):
    """The gradients of `loss` on all weights that are trained; `keep` what led to it for another call."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return list(torch.autograd.grad(loss, weights, retain_graph=keep, materialize_grads=True))


def move(optimiser, model, found, rate, gradient_max=1.0):
    """One step at learning rate `rate` with the gradients `found`, clipped as in `take_step`."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    for weight, gradient in zip(weights, found):
        weight.grad = gradient
    torch.nn.utils.clip_grad_norm_(weights, gradient_max)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


class Average:
    """The running average of a model's weights; what is evaluated and exported."""

    def __init__(self, model, keep):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.keep = keep

    @torch.no_grad()
    def follow(self, model, step):
        """Moves towards `model`; faster in the first steps."""
        keep = min(self.keep, (1 + step) / (10 + step))
        ours, theirs = self.model.state_dict(), model.state_dict()
        floats = [name for name in ours if ours[name].is_floating_point()]
        torch._foreach_lerp_([ours[name] for name in floats],
                             [theirs[name] for name in floats], 1 - keep)


def save_checkpoint(path, parts, course, settings):
    """Writes the state of every part (name to an object with `state_dict`), whole or not at all."""
    content = {"step": course.step, "spent": course.spent, "settings": settings,
               "random": torch.get_rng_state(),
               "parts": {name: part.state_dict() for name, part in parts.items()}}
    with whole(path) as partial:
        torch.save(content, partial)


def load_checkpoint(path, parts, course, settings):
    """Puts the checkpoint at `path`, if there is one, into `parts` and `course`."""
    if not os.path.exists(path):
        return
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["settings"] != settings:
        raise SystemExit(f"{path} was made with other settings; move it away, or give these:\n"
                         f"{content['settings']}")
    for name, part in parts.items():
        part.load_state_dict(content["parts"][name])
    torch.set_rng_state(content["random"])
    course.step, course.spent = content["step"], content["spent"]
