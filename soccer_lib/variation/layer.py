"""The layer that makes episodes differ: it draws, arranges, disturbs, and counts what succeeded."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.variation.actions import noisy_action
from soccer_lib.variation.curriculum import Curriculum, Ladder
from soccer_lib.variation.factors import FACTORS, Ranges, draw_factors
from soccer_lib.variation.plant import Plant, push_trunk
from soccer_lib.variation.scene import arrange_scene
from soccer_lib.variation.senses import LateSenses

_STREAM = 13
"""Beside the seed, what makes its draws others than those of the stock reset."""

_INTERVAL = FACTORS["push_interval"].nominal or 0.0


class Variation(gym.Wrapper):
    """Draws for each episode how it differs from the stock one, and lets success lead to the next level.

    Bodies, motors and joints are changed in MuJoCo's model and a push in its state, so the compiled loop has
    them. The walker of the command interface senses the robot itself and exactly, but for joint offsets:
    noise and delay reach the agent that commands it. Every info has `variation`: the values of the episode,
    and `level`, counted from 1.

    Args:
        env: the stack up to the observation.
        ranges: factor -> range, of every level.
        curriculum: levels whose ranges go over these; None for none.
    """

    def __init__(self, env: gym.Env, ranges: Ranges, curriculum: Curriculum | None = None) -> None:
        super().__init__(env)
        self._sim = simulation_of(env)
        self._ranges = ranges
        self._ladder = Ladder(curriculum or Curriculum(({},)))
        self._plant = Plant(self._sim)
        step = env.get_wrapper_attr("hold") * PHYSICS_DT
        self._senses = LateSenses(env.get_wrapper_attr("layout"), step)
        # Its own: what it draws must not change what the stock reset draws. Noise and pushes have another, so
        # that what an episode draws does not depend on how long those before it were.
        self._rng = np.random.default_rng()
        self._noise = np.random.default_rng()
        self._values: dict[str, Any] = {}
        self._next_push = 0.0
        self._sim.on_reset.append(self._arrange)
        has_phase = "gait_phase" in env.get_wrapper_attr("reset_options")
        if not has_phase and any("gait_phase" in one for one in (ranges, *self._ladder.curriculum.levels)):
            raise InputError(
                "factor gait_phase came without a walker; expected it with control='command'; leave it out"
            )

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Draw the episode's values and start it."""
        if seed is not None:
            self._rng = np.random.default_rng([seed, _STREAM])
        ranges = {**self._ranges, **self._ladder.ranges}
        self._plant.restore()  # the stock reset finds the stock model
        self._values = draw_factors(ranges, self._sim.task.name, self._rng)
        self._noise = np.random.default_rng(self._rng.integers(2**63))
        if "gait_phase" in self._values:
            # Whoever asks for a start gets that one.
            options = {"gait_phase": self._values["gait_phase"] % 1.0, **(options or {})}
            self._values["gait_phase"] = options["gait_phase"]
        observation, info = self.env.reset(seed=seed, options=options)
        self._senses.begin(self._values.get("noise", 0.0), self._values.get("delay", 0.0))
        self._next_push = self._interval
        info["variation"] = self._report()
        return self._senses.see(observation, self._noise), info

    def step(self, action: np.ndarray):
        """Pass the step on; push where it is time."""
        action = noisy_action(action, self._values.get("action_noise", 0.0), self._noise)
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["variation"] = self._report()  # of this episode: its end may lead to the next level
        if terminated or truncated:
            self._ladder.note(self._sim.success)
        elif self._values.get("push") and self._sim.sim_time >= self._next_push:
            self._next_push += self._interval
            push_trunk(self._sim, self._values["push"], self._noise.uniform(-math.pi, math.pi))
        return self._senses.see(observation, self._noise), reward, terminated, truncated, info

    @property
    def _interval(self) -> float:
        """From push to push [s]."""
        return self._values.get("push_interval", _INTERVAL)

    def _report(self) -> dict[str, Any]:
        return {**self._values, "level": self._ladder.level + 1}

    def _arrange(self) -> None:
        """Change model and scene between the draws of the stock reset and its first look."""
        self._set_model()
        arrange_scene(self._sim, self._values)

    def _set_model(self) -> None:
        values = self._values
        self._plant.scale_mass(values.get("mass", 1.0))
        self._plant.scale_friction(values.get("friction", 1.0))
        self._plant.scale_motors(values.get("motor_strength", 1.0))
        self._plant.offset_joints(np.array(values.get("joint_offset", 0.0)))
        self._sim.pace_keeper(values.get("keeper_speed", 1.0))

    def summary(self) -> str:
        """Level, ranges and the values of the present episode, in a line."""
        words = [f"level {self._ladder.level + 1} of {len(self._ladder.curriculum.levels)}"]
        for name, ends in {**self._ranges, **self._ladder.ranges}.items():
            drawn = np.atleast_1d(self._values.get(name, []))
            now = f" (now {', '.join(f'{value:.3g}' for value in drawn)})" if drawn.size else ""
            words.append(f"{name} {ends[0]:g} to {ends[1]:g}{now}")
        return "; ".join(words)

    def get_state(self) -> dict[str, Any]:
        """Level, values, senses, both generators and the time of the next push."""
        return {
            "ladder": self._ladder.get_state(),
            "values": dict(self._values),
            "senses": self._senses.get_state(),
            "random": self._rng.bit_generator.state,
            "noise": self._noise.bit_generator.state,
            "next_push": self._next_push,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`; the layers below have taken on theirs."""
        self._ladder.set_state(state["ladder"])
        self._values = dict(state["values"])
        self._senses.set_state(state["senses"])
        self._rng.bit_generator.state = state["random"]
        self._noise.bit_generator.state = state["noise"]
        self._next_push = state["next_push"]
        self._set_model()
