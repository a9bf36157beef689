"""The scripted striker: walks behind the ball, waits for its moment, and asks for the kick that scores."""

from __future__ import annotations

from math import atan2, cos, erf, hypot, pi, sin
from typing import Any, Literal, NamedTuple

import numpy as np

from soccer_lib.control.approach import approach
from soccer_lib.control.kicks import PATTERNS, Kick, load_kicks
from soccer_lib.control.strike import Strike
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.geometry import turned
from soccer_lib.layout import AGENT, COMMAND_SCALE
from soccer_lib.policies.policy import Policy, PolicySpec
from soccer_lib.scoring import OFFICIAL_WEIGHTS

STYLES = ("score", "clean")

POST = 0.2
"""How far from the middle of the goal a penalty is aimed [m]: speed counts along the goal's normal only."""

KEEPER_RATE = 2 * pi * 0.3
"""Angular frequency of the goalkeeper's path [rad/s]."""

KEEPER_ROOM = 0.85
"""Between the aim and the middle of the keeper [m]: its half width, the ball's radius and a margin."""

ARRIVAL = (1.3, 2.1)
"""Earliest and latest arrival of the ball at the line after the trigger [s]."""

NEAR = 0.10
"""Distance from the stance at which the kick is asked for [m]; the kick itself walks the rest."""

AT_HAND = 0.05
"""Stances nearer than this are as good as reached [m]."""

SURE = 0.01
"""Error of the heading at which the kick is asked for [rad]; after a second it grows by half each second."""

ROLLING = 0.3
"""A ball faster than this is left alone [m/s]."""

INNER = 0.6
"""Only defenders nearer to the middle than this [m] are solid, whatever the picture shows."""

FLYING = {
    "score": ("shot", "loft_low", "loft_mid", "loft_high", "drive", "lob"),
    "clean": ("drive", "lob"),
}
"""Kicks at a target in the air, by style; those of the clean style keep the robot upright."""

CLOSE = 0.25
"""A ball that crosses the line so far above or below the target hits it, its error aside included [m]."""

SAFE = 0.9
"""Share of hits from which on the faster kick is taken; where none hits as often, the surest is."""

WORTH_A_MISS = 0.45
"""Least share of hits at which a try at the target pays more than a ball at a defender."""

_WEIGHTS = OFFICIAL_WEIGHTS["obstacle_penalty_kick"]

_ENTRIES = {field.name: AGENT[field.name] for field in AGENT.fields}
_GOALS = tuple(_ENTRIES[f"goal_team_{team}_rel_robot"] for team in (0, 1))
_KEEPERS = tuple(
    tuple(_ENTRIES[f"goalkeeper_team_{team}_{what}_rel_robot"] for what in ("xpos", "velp"))
    for team in (0, 1)
)


class Memory(NamedTuple):
    """What the striker remembers from step to step.

    Attributes:
        steps: steps since the episode began.
        aligning: steps near the stance since it was first reached.
        kicks: kicks asked for.
        aim: where on the goal line a penalty is aimed, from its middle [m]; None before it is chosen.
    """

    steps: int = 0
    aligning: int = 0
    kicks: int = 0
    aim: float | None = None


class StrikerView:
    """What the striker reads from one `agent` observation; vectors in the robot's heading frame."""

    def __init__(self, observation: np.ndarray) -> None:
        """Args: observation: Shape: (96,)."""
        o = observation.tolist()
        self.ball = tuple(o[_ENTRIES["ball_xpos_rel_robot"]])
        own = o[_ENTRIES["robot_velocimeter"]]
        relative = o[_ENTRIES["ball_velp_rel_robot"]]
        self.ball_speed = hypot(relative[0] + own[0], relative[1] + own[1])
        self.team = int(o[_ENTRIES["player_team"]][1] > 0.5)
        self.goal = tuple(o[_GOALS[self.team]])
        south, north = (o[goal] for goal in _GOALS)
        length = hypot(north[0] - south[0], north[1] - south[1])
        if not length:
            raise InputError(
                "observation has both goals at one place; expected that of an environment; see layout.AGENT"
            )
        # World axes seen from the robot: x from the south goal to the north goal, y to its left.
        self.x_axis = ((north[0] - south[0]) / length, (north[1] - south[1]) / length)
        self.y_axis = (-self.x_axis[1], self.x_axis[0])
        place, velocity = (o[field] for field in _KEEPERS[self.team])
        self.keeper = self.across(place)
        self.keeper_speed = sum((v + w) * a for v, w, a in zip(velocity, own, self.y_axis, strict=False))
        self.target = tuple(o[_ENTRIES["target_xpos_rel_robot"]])
        defenders = o[_ENTRIES["defender_xpos"]]
        self.defenders = [tuple(defenders[i : i + 3]) for i in (0, 3, 6)]
        goalie, obstacle, _ = o[_ENTRIES["task_one_hot"]]
        self.task = "goalie" if goalie > 0.5 else "obstacle" if obstacle > 0.5 else "other"
        self.has_target = self.target != (0.0, 0.0, 0.0) and hypot(*self.target) > 1e-6
        self.time_left = o[_ENTRIES["time_left"]][0]
        self.kicking = o[_ENTRIES["kick_active"]][0] > 0.5

    def across(self, point: Any) -> float:
        """Where a point stands along the goal line, from the middle of the goal [m]."""
        return (point[0] - self.goal[0]) * self.y_axis[0] + (point[1] - self.goal[1]) * self.y_axis[1]

    def on_line(self, y: float) -> tuple[float, float]:
        """The point of the goal line at a distance from its middle [m]."""
        return self.goal[0] + y * self.y_axis[0], self.goal[1] + y * self.y_axis[1]

    def keeper_at(self, time: float) -> float:
        """Where the goalkeeper will be along the goal line [m], so many seconds from now."""
        turn = KEEPER_RATE * time
        return self.keeper * cos(turn) + self.keeper_speed / KEEPER_RATE * sin(turn)


class Striker(Policy):
    """Plays all tasks through the `command` interface, as a function of observation and `Memory`.

    Args:
        style: "score" shoots as hard as it can and does not mind falling behind the ball; "clean" stays up.
        aim_y: where on the goal line to aim, from its middle [m]; None lets the striker choose.
        wait: time that passes before it asks for a kick [s].
    """

    spec = PolicySpec("striker", control="command", observation="agent", walker="own")

    def __init__(
        self, style: Literal["score", "clean"] = "score", aim_y: float | None = None, wait: float = 0.0
    ) -> None:
        if style not in STYLES:
            raise unknown_name("style", style, STYLES)
        if not 0.0 <= wait < 10.0:
            raise InputError(f"wait got {wait!r}; expected seconds from 0 to 10; try 0")
        self.style, self.aim_y, self.wait = style, aim_y, wait
        self._kicks = load_kicks()

    def begin(self, seed: int | None = None) -> Memory:
        """Nothing remembered yet; the striker draws no random numbers."""
        return Memory()

    def act(self, observation: np.ndarray, state: Memory, deterministic: bool) -> tuple[np.ndarray, Memory]:
        """Walk, wait or ask for a kick."""
        scene, memory = StrikerView(observation), state._replace(steps=state.steps + 1)
        if scene.kicking or scene.ball_speed > ROLLING:
            return np.zeros(3, np.float32), memory._replace(aligning=0, aim=None)
        kick, aim, free, memory = self._plan(scene, memory)
        ball = scene.ball[:2]
        straight = atan2(aim[1] - ball[1], aim[0] - ball[0])
        headings = [straight - side * kick.aside for side in (1.0, -1.0)]
        places = [self._stance(kick, side, ball, h) for side, h in zip((1.0, -1.0), headings, strict=True)]
        # The nearer foot; of two that are at hand, the one that faces its aim, not another at every step.
        feet = zip(places, headings, strict=True)
        place, heading = min(feet, key=lambda foot: (max(hypot(*foot[0]), AT_HAND), abs(foot[1])))
        left = hypot(*place)
        if memory.aligning or left < 2 * NEAR:
            memory = memory._replace(aligning=memory.aligning + 1)
        sure = SURE * (1.0 + 0.05 * max(0, memory.aligning - 10))
        ready = free and memory.steps * 0.1 >= self.wait
        if left < NEAR and abs(heading) < sure and ready and Strike.allowed(ball):
            asked = memory._replace(kicks=memory.kicks + 1, aligning=0, aim=None)
            return np.array(PATTERNS[kick.name], np.float32), asked
        velocity = approach(place, ball, heading)
        return np.array(velocity, np.float32) / COMMAND_SCALE, memory

    @staticmethod
    def _stance(kick: Kick, side: float, ball: tuple[float, ...], heading: float) -> tuple[float, float]:
        """Where to stand for a kick with the right (1) or left (-1) foot [m]."""
        x, y = turned((kick.stance[0] + 0.02, side * kick.stance[1]), heading)
        return ball[0] - x, ball[1] - y

    def _plan(self, scene: StrikerView, memory: Memory) -> tuple[Kick, tuple[float, float], bool, Memory]:
        """Which kick, where to, whether the way is free, and what to remember of it."""
        hard = "shot" if self.style == "score" else "drive"
        if self.aim_y is not None and scene.task != "other":
            return self._kicks[hard], scene.on_line(self.aim_y), True, memory
        if scene.task == "goalie":
            aim, free = self._past_keeper(scene, memory)
            return self._kicks[hard], scene.on_line(aim), free, memory._replace(aim=aim)
        if scene.task == "obstacle":
            return (*self._between_defenders(scene), True, memory)
        if scene.has_target:
            return self._kicks["placed"], scene.target[:2], True, memory
        return self._kicks[hard], scene.on_line(0.0), True, memory

    def _past_keeper(self, scene: StrikerView, memory: Memory) -> tuple[float, bool]:
        """The side that the keeper leaves open when the ball arrives, and whether it surely does."""
        early, late = ARRIVAL
        path = [scene.keeper_at(early + (late - early) * i / 8) for i in range(9)]
        room = {side: min(POST - side * y for y in path) for side in (1.0, -1.0)}
        side = max(room, key=room.get)
        if memory.aim is not None and memory.aligning:
            side = 1.0 if memory.aim > 0 else -1.0
        return side * POST, room[side] > KEEPER_ROOM

    @staticmethod
    def hit_share(kick: Kick, height: float) -> float:
        """Share of a kick's balls that cross the goal line at a target's height, normally spread.

        Args:
            kick: one of `FLYING`.
            height: of the target above the observed point of a resting ball [m].
        """
        ends = ((height + side * CLOSE - kick.height) / kick.height_spread for side in (1.0, -1.0))
        above, below = (0.5 * (1.0 + erf(end / 2**0.5)) for end in ends)
        return above - below

    @classmethod
    def expected_score(cls, kick: Kick, height: float) -> float:
        """What a kick at a target of that height [m] is worth, up to a constant of all kicks."""
        goal = _WEIGHTS["goal_scored"] - _WEIGHTS["offside"]
        return _WEIGHTS["ball_vel_twd_goal"] * kick.line_speed + goal * cls.hit_share(kick, height)

    def _between_defenders(self, scene: StrikerView) -> tuple[Kick, tuple[float, float]]:
        """Of the safe kicks that of the highest expected score; without a hope, clean, at a defender."""
        height = scene.target[2] - scene.ball[2] + 0.12
        flying = [self._kicks[name] for name in FLYING[self.style]]
        safe = [kick for kick in flying if self.hit_share(kick, height) >= SAFE]
        score = self.expected_score if safe else self.hit_share
        kick = max(safe or flying, key=lambda kick: score(kick, height))
        if self.style == "clean" and self.hit_share(kick, height) < WORTH_A_MISS:
            solid = [scene.across(place) for place in scene.defenders]
            fastest = max(flying, key=lambda kick: kick.line_speed)
            return fastest, scene.on_line(min(solid, key=abs))
        return kick, scene.target[:2]
