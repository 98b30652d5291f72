"""The scenarios of ViZDoom that worlds are learned from."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One scenario: a config of the ViZDoom wheel and what must be known of it."""

    name: str
    config: str
    """Name of the `.cfg` inside the wheel."""
    weapon: bool
    """Does the player hold a gun? Without one, attack does nothing."""
    first_tic: int
    """Tics before the first picture; the gun is up by then."""
    tics_max: int
    """An episode ends after so many tics (35 a second), or at the player's death."""


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("arena", "deathmatch", weapon=True, first_tic=14, tics_max=2100),
        Scenario("corridors", "my_way_home", weapon=False, first_tic=10, tics_max=2100),
        Scenario("health", "health_gathering", weapon=False, first_tic=10, tics_max=2100),
    )
}
