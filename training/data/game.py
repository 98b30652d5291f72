"""The game: one ViZDoom process, asked for one picture a tic."""

import dataclasses
import os
import tempfile

import numpy
import vizdoom

from training.settings import PICTURE_HEIGHT, PICTURE_WIDTH

BUTTON_NAMES = {
    "forward": vizdoom.Button.MOVE_FORWARD,
    "backward": vizdoom.Button.MOVE_BACKWARD,
    "left": vizdoom.Button.TURN_LEFT,
    "right": vizdoom.Button.TURN_RIGHT,
    "attack": vizdoom.Button.ATTACK,
    "strafe_left": vizdoom.Button.MOVE_LEFT,
    "strafe_right": vizdoom.Button.MOVE_RIGHT,
    "run": vizdoom.Button.SPEED,
}
# One gun for the whole play: the world need not remember which, and attack always flashes.
GAME_ARGUMENTS = "+sv_infiniteammo 1 +neverswitchonpickup 1"
ALONE = "+sv_nomonsters 1"
VARIABLES = (
    vizdoom.GameVariable.POSITION_X,
    vizdoom.GameVariable.POSITION_Y,
    vizdoom.GameVariable.ANGLE,
)


@dataclasses.dataclass(frozen=True)
class View:
    """What one tic showed."""

    picture: numpy.ndarray
    """u8 [height, width, 3], RGB."""
    x: float
    y: float
    """Map units; the player is a square 32 units wide."""
    angle: float
    """Degrees, 0 is east, growing to the left."""
    target_ahead: bool
    """Is a monster in the middle of the picture?"""


class Game:
    """One scenario with one seed; the same seed and actions give the same pictures. `alone`: without
    monsters."""

    def __init__(self, scenario, seed, buttons, walls=False, alone=False):
        self.scenario = scenario
        self._folder = tempfile.TemporaryDirectory(prefix="training-game-")
        self._game = vizdoom.DoomGame()
        game = self._game
        game.set_doom_config_path(os.path.join(self._folder.name, "vizdoom.ini"))
        game.load_config(os.path.join(vizdoom.scenarios_path, scenario.config + ".cfg"))
        game.set_screen_resolution(vizdoom.ScreenResolution.RES_256X192)
        game.set_screen_format(vizdoom.ScreenFormat.RGB24)
        game.set_render_screen_flashes(False)
        game.set_available_buttons([BUTTON_NAMES[name] for name in buttons])
        game.set_available_game_variables(list(VARIABLES))
        game.set_labels_buffer_enabled(True)
        game.set_sectors_info_enabled(walls)
        game.set_episode_start_time(scenario.first_tic)
        game.set_episode_timeout(scenario.tics_max)
        game.set_window_visible(False)
        game.set_sound_enabled(False)
        game.add_game_args(f"{GAME_ARGUMENTS} {ALONE}" if alone else GAME_ARGUMENTS)
        game.set_seed(seed)
        game.init()
        self._held = [[bool(bits >> bit & 1) for bit in range(len(buttons))]
                      for bits in range(1 << len(buttons))]

    def start(self):
        """Begins an episode."""
        self._game.new_episode()

    def lines(self):
        """The walls, in a game made with `walls`: f32 [lines, 4], x and y of both ends."""
        lines = [(line.x1, line.y1, line.x2, line.y2)
                 for sector in self._game.get_state().sectors
                 for line in sector.lines if line.is_blocking]
        return numpy.array(lines, dtype=numpy.float32)

    def act(self, bits):
        """Holds the buttons of `bits` for one tic; None once the episode is over."""
        self._game.make_action(self._held[bits], 1)
        if self._game.is_episode_finished():
            return None
        return self._view(self._game.get_state())

    def close(self):
        """Ends the game's process."""
        self._game.close()
        self._folder.cleanup()

    def _view(self, state):
        x, y, angle = (float(value) for value in state.game_variables)
        screen = state.screen_buffer.astype(numpy.uint16)
        rows = screen[0::2] + screen[1::2]
        # The mean of two by two pixels, halves rounded up.
        picture = ((rows[:, 0::2] + rows[:, 1::2] + 2) >> 2).astype(numpy.uint8)
        assert picture.shape == (PICTURE_HEIGHT, PICTURE_WIDTH, 3)
        middle = 2 * PICTURE_WIDTH // 2
        monsters = (label for label in state.labels if label.object_category == "Monsters")
        ahead = any(label.x < middle < label.x + label.width for label in monsters)
        return View(picture, x, y, angle, ahead)


def read_lines(scenario, buttons):
    """The walls of a scenario's map, read in a game of their own: telling them slows every tic."""
    game = Game(scenario, 0, buttons, walls=True)
    game.start()
    lines = game.lines()
    game.close()
    return lines
