"""The searches of `walker kick`, one after the other: what each starts from and what it is paid for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One search.

    Attributes:
        name: of the result.
        start: the stage that it starts from; "" for the hand-made swing.
        best_of: stages of which the one that does best starts it, in place of `start`.
        toward: a second stage, whose result is mixed in; "" for none.
        share: of the second stage in the mixture.
        score: what trials are paid for: "hard" a fast ball, "penalty" the goalie task, "loft" the obstacle
            task, "clean" the same with every fall counted, "placed" a ball on the ground.
        generations: of the search.
        trials: of each candidate.
        sigma: first step size [search units].
        seconds: length of a trial [s].
        band: for "loft" and "clean": heights of the targets, of the observed ball point at the line [m].
        lined_up: trials start where strikes have lined up, at balls where the tasks have them; the others
            wherever the robot stands, in the middle of the field.
    """

    name: str
    start: str
    score: str
    generations: int
    trials: int = 4
    sigma: float = 0.2
    seconds: float = 1.3
    band: tuple[float, float] = (0.0, 0.0)
    lined_up: bool = False
    toward: str = ""
    share: float = 0.0
    best_of: tuple[str, ...] = ()

    @property
    def upright(self) -> bool:
        """Whether every fall counts, not only one before the ball is in."""
        return self.score in ("placed", "clean")


LOW, MIDDLE, HIGH = (0.64, 0.95), (0.95, 1.28), (1.28, 1.6)
"""Bands of heights that the three lofts share out: together those of the obstacle task's targets [m]."""

LOWER, UPPER = (0.64, 1.1), (1.1, 1.6)
"""Bands of the two hard kicks that keep the robot upright [m]."""

# After 60 generations from the same swing three searches had come to 3, 5 and 7 m/s. What is fast seldom
# stands, so kicks that shall stand start from whichever try stood best, not from the shot.
TRIES = ("try_1", "try_2", "try_3", "try_4")
"""Searches from the hand-made swing; only the best goes on."""

STAGES = (
    *(Stage(name, "", "hard", 45, trials=3, sigma=0.5) for name in TRIES),
    Stage("first", "", "hard", 80, trials=3, sigma=0.35, best_of=TRIES),
    Stage("rough_shot", "first", "penalty", 200, trials=5, sigma=0.25),
    Stage("rough_placed", "", "placed", 40, trials=5, sigma=0.2, seconds=2.4, best_of=TRIES),
    Stage(
        "rough_clean", "", "clean", 80, trials=3, seconds=2.6, band=LOWER, best_of=(*TRIES, "rough_placed")
    ),
    Stage("rough_low", "rough_shot", "loft", 30, trials=5, sigma=0.12, band=LOW),
    Stage("rough_high", "rough_low", "loft", 40, trials=5, sigma=0.15, band=HIGH),
    Stage("shot", "rough_shot", "penalty", 60, trials=6, sigma=0.08, lined_up=True),
    Stage("placed", "rough_placed", "placed", 25, trials=5, sigma=0.08, seconds=2.4, lined_up=True),
    Stage("loft_low", "rough_low", "loft", 40, trials=6, sigma=0.06, band=LOW, lined_up=True),
    Stage(
        "loft_mid",
        "rough_low",
        "loft",
        40,
        trials=6,
        sigma=0.06,
        band=MIDDLE,
        lined_up=True,
        toward="rough_high",
        share=0.17,
    ),
    Stage("loft_high", "rough_high", "loft", 40, trials=6, sigma=0.06, band=HIGH, lined_up=True),
    Stage("drive", "rough_clean", "clean", 25, trials=3, sigma=0.08, seconds=2.6, band=LOWER, lined_up=True),
    Stage("lob", "drive", "clean", 25, trials=3, sigma=0.12, seconds=2.6, band=UPPER, lined_up=True),
)
"""In this order. The rough ones come to rest anywhere, the last seven where a strike has lined up."""
