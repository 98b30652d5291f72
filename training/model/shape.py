"""Sizes of the models, under the names of a world's manifest."""

import dataclasses

from training.settings import BUTTONS, PICTURE_HEIGHT, PICTURE_WIDTH


@dataclasses.dataclass(frozen=True)
class Shape:
    """Sizes of autoencoder and transformer; `formats/world.md`, section 2, has the ranges."""

    latent_channels: int = 16
    patch: int = 2
    width: int = 384
    blocks: int = 8
    heads: int = 6
    mlp: int = 1536
    window: int = 15
    """Past frames that attention over time sees."""
    time_features: int = 256
    decoder: tuple = (256, 128, 64)
    """Channels of the decoder's stages, first to last; each doubles the picture's size."""
    encoder: tuple = (64, 128, 256)
    """Channels of the encoder's stages; as many as the decoder has."""
    buttons: tuple = BUTTONS

    @property
    def latent_height(self):
        """Rows of a latent."""
        return PICTURE_HEIGHT >> len(self.decoder)

    @property
    def latent_width(self):
        """Columns of a latent."""
        return PICTURE_WIDTH >> len(self.decoder)

    @property
    def latent(self):
        """Channels, rows and columns of a latent."""
        return (self.latent_channels, self.latent_height, self.latent_width)

    @property
    def tokens(self):
        """Tokens of a frame."""
        return (self.latent_height // self.patch) * (self.latent_width // self.patch)

    @property
    def token_values(self):
        """Numbers of a latent that make one token."""
        return self.latent_channels * self.patch * self.patch

    def manifest(self):
        """The object `shape` of a manifest."""
        names = ("latent_channels", "latent_height", "latent_width", "patch", "width", "blocks",
                 "heads", "mlp", "window", "time_features")
        return {name: getattr(self, name) for name in names} | {"decoder": list(self.decoder)}


SCHEDULES = {2: (1.0, 0.15, 0.0), 3: (1.0, 0.6, 0.15, 0.0), 4: (1.0, 0.8, 0.45, 0.15, 0.0)}
"""Noise levels by number of passes: 1 is pure noise. Memory is committed at the last but one, the
same for all, so that a play may be trained with any: the higher it is, the longer a play keeps its
detail, and the less is seen of the frames before."""

PROTOTYPE_SCHEDULES = {2: (1.0, 0.3, 0.0), 3: (1.0, 0.65, 0.15, 0.0), 4: (1.0, 0.8, 0.45, 0.12, 0.0)}
"""Those of a float file that tells none."""


def shape_of_manifest(manifest):
    """The Shape that a manifest (a dict) tells of; the encoder is the decoder mirrored."""
    sizes = {name: value for name, value in manifest["shape"].items()
             if name not in ("latent_height", "latent_width", "decoder")}
    decoder = tuple(manifest["shape"]["decoder"])
    buttons = tuple(action["name"] for action in manifest["actions"])
    shape = Shape(**sizes, decoder=decoder, encoder=decoder[::-1], buttons=buttons)
    if shape.manifest() != manifest["shape"]:
        raise ValueError(f"a picture of {PICTURE_WIDTH}x{PICTURE_HEIGHT} needs {shape.manifest()}")
    return shape
