"""A critic of drawn pictures: what the world model makes, as the decoder draws it."""

import torch

from training.learn import losses, setup
from training.learn.optimise import optimiser_of, take_step
from training.learn.scene import SCENE_FRAMES

PICTURE_CHANNELS = 3


class DrawnCritic:
    """Scenes drawn by a decoder that does not learn, and the patch critic that looks at them.

    Latents may have the game's energy while pictures are soft: what is missing then is what the
    decoder draws detail from. The game's latents are drawn by the same decoder, so that only what
    the world model does is judged."""

    def __init__(self, settings, autoencoder, arguments):
        self.arguments, self.scenes = arguments, settings.drawn
        self.autoencoder = autoencoder.to(arguments.device, memory_format=torch.channels_last)
        self.autoencoder.requires_grad_(False)
        self.critic = losses.Critic(inputs=SCENE_FRAMES * PICTURE_CHANNELS).to(arguments.device)
        self.optimiser = optimiser_of(self.critic, settings, betas=(0.5, 0.99))

    def parts(self):
        """What a checkpoint keeps."""
        return {"drawn_critic": self.critic, "drawn_optimiser": self.optimiser}

    def drawn(self, scenes):
        """scenes [count, 3, channels, rows, columns] to pictures [count, 3 * 3, height, width], the
        three of a scene behind one another, about -1..1."""
        with setup.half(self.arguments):
            pictures = self.autoencoder.decode(scenes.flatten(0, 1))
        return pictures.float().unflatten(0, (-1, SCENE_FRAMES)).flatten(1, 2)

    def toward_the_game(self, made, real, rate):
        """The critic's gradient on scenes `made`, after a step of its own at learning rate `rate`;
        and the gradient energy of the pictures, of that of the real ones'.

        made, real [scenes, 3, channels, rows, columns]; as many as wanted of each are drawn."""
        some = lambda scenes: torch.randint(len(scenes), (self.scenes,)).to(scenes.device)
        made = made.detach().requires_grad_()
        pictures = self.drawn(made[some(made)])
        with torch.no_grad():
            of_the_game = self.drawn(real[some(real)])
        loss = losses.critic_loss(self.critic, pictures, of_the_game)
        take_step(self.optimiser, self.critic, loss, rate)
        toward, = torch.autograd.grad(-self.critic(pictures).mean(), made)
        return toward, losses.energy(pictures.detach()) / losses.energy(of_the_game)
