"""A group of robots that practise walking: what the residual network is trained on.

Each robot has its own engine, randomised body, command sequence, pushes and knocks against a leg. One `step`
is 20 ms of all of them. Actions and observations are those of `control.residual`, in its mirrored frame.
"""

from __future__ import annotations

import copy
from math import exp, hypot
from typing import Any

import numpy as np

from soccer_lib.control.gait import AVERAGE_RATE, Gait, GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT, features, unmirror
from soccer_lib.control.walker import combine
from soccer_lib.tasks import WALKER_DT
from soccer_lib.workshop.walker.lessons import EPISODE_STEPS, CommandSequence, push_velocity
from soccer_lib.workshop.walker.plant import Robot, build_model, randomised

REWARD_WEIGHTS = {
    "alive": 1.0,
    "forward": 1.5,
    "sideways": 1.3,
    "turn": 1.5,
    "steady": 0.3,
    "upright": 0.4,
    "sway": -0.03,
    "bounce": -0.5,
    "jerk": -0.10,
    "effort": -0.05,
    "torque": -0.10,
    "power": -0.6,
    "slip": -0.15,
    "close_feet": -3.0,
    "rhythm": 0.2,
    "restless": -0.02,
    "dawdle": -0.5,
    "fall": -5.0,
}
"""Weights of the reward terms of one 20 ms step; the sum is scaled by `REWARD_SCALE`."""

REWARD_SCALE = 0.04
_SOLE = 0.04  # height of a standing foot's site [m]
_NEAR_GROUND = 0.012  # a foot lower than this above it is on the ground [m]
_NARROWEST = 0.14  # feet nearer than this are in each other's way [m]
_UNDISTURBED = 25  # ticks after the reset in which the robot lands
_SETTLED = 75  # ticks after which the averages of an episode say something
_MAY_STOP_FOR = 75  # ticks that coming to a stop may take


_PUPIL = ("action", "mean_command", "ticks", "errors", "feet", "target")
"""What a robot keeps from one step to the next."""


class Pupil:
    """One practising robot. A step is `observe`, the network's answer, then `move`."""

    def __init__(self, parameters: GaitParameters, models: list, rng: np.random.Generator) -> None:
        self.rng = rng
        self.robot = Robot(models, rng)
        self.gait = Gait(parameters)
        self.commands = CommandSequence(rng)
        self.strongest_push = 0.0
        self.restart()

    def restart(self) -> None:
        """Start an episode from the environments' own reset pose."""
        robot = self.robot
        rng = self.rng
        noise = 0.02 if rng.random() < 0.5 else 0.0
        delay = int(rng.choice([0, 0, 0, 1, 1, 2]))
        robot.reset(noise, delay)
        self.gait.reset(robot.qpos[7:].tolist(), rng.random())
        self.commands.restart()
        self.action = [0.0] * 12
        self.mean_command = [0.0, 0.0, 0.0]
        self.ticks = 0
        self.errors = [0.0, 0.0, 0.0]
        self.feet = robot.site_xpos[robot.foot_sites].tolist()

    def get_state(self) -> dict[str, Any]:
        """Everything that decides how the robot goes on, between `observe` and `move`."""
        commands = self.commands
        return {
            "rng": self.rng.bit_generator.state,
            "robot": self.robot.get_state(),
            "gait": self.gait.get_state(),
            "commands": [commands.command, commands.left, commands.since],
            "own": {name: copy.deepcopy(getattr(self, name)) for name in _PUPIL},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`, bit for bit."""
        self.rng.bit_generator.state = state["rng"]
        self.robot.set_state(state["robot"])
        self.gait.set_state(state["gait"])
        commands = self.commands
        commands.command, commands.left, commands.since = state["commands"]
        for name, value in state["own"].items():
            setattr(self, name, value)
        self.trunk = self.robot.trunk_state()  # as `observe` read it

    def observe(self) -> list[float]:
        """Run the engine for the next tick and return the network's input."""
        robot = self.robot
        trunk = robot.trunk_state()
        self.trunk = trunk
        self.target = self.gait.step(
            self.commands.next(), trunk.pitch, trunk.roll, trunk.gyro, trunk.velocity, trunk.yaw_rate
        )
        return features(self.gait, trunk, robot.qpos[7:].tolist(), robot.qvel[6:].tolist(), self.action)

    def move(self, output: list[float]) -> tuple[float, bool, bool]:
        """Apply the network's output for 20 ms.

        Returns:
            reward, whether the robot fell, whether the episode's time is up.
        """
        last_action = self.action
        self.action = unmirror(output, self.gait)
        self._disturb()
        self.robot.step(combine(self.target, self.action))
        self.ticks += 1
        fallen = bool(self.robot.fallen)
        time_up = self.ticks >= EPISODE_STEPS and not fallen
        # The terms are read in any case: they keep averages from tick to tick.
        reward = step_reward(self.reward_terms(last_action), fallen)
        return reward, fallen, time_up

    def _disturb(self) -> None:
        """Push the trunk now and then, and knock a leg as a ball does."""
        if self.ticks < _UNDISTURBED:
            return
        rng = self.rng
        chance = rng.random()
        if chance < 0.007:
            self.robot.push(*push_velocity(rng, self.strongest_push))
        elif chance < 0.017:
            leg = 6 + 6 * int(rng.integers(2))
            self.robot.qvel[leg : leg + 4] += rng.uniform(-1.5, 1.5, 4)

    def reward_terms(self, last_action: list[float]) -> dict[str, float]:
        """The unweighted terms of the step just taken, named as in `REWARD_WEIGHTS` (without the fall)."""
        gait = self.gait
        trunk = self.trunk
        command = gait.command
        # Both means forget at the same rate: a robot that follows at once has no error.
        self.mean_command = [
            m + AVERAGE_RATE * (c - m) for m, c in zip(self.mean_command, command, strict=True)
        ]
        self.errors = [m - c for m, c in zip(gait.mean, self.mean_command, strict=True)]
        ex, ey, turn = self.errors
        vx, vy, vz = trunk.velocity
        speeds = self.robot.qvel[6:].tolist()
        torques = self.robot.force.tolist()
        dawdles = not gait.standing and self.commands.zero and self.commands.since > _MAY_STOP_FOR
        return {
            "alive": 1.0,
            "forward": 0.5 * exp(-ex * ex / 0.06) + 0.5 * exp(-ex * ex / 0.008),
            "sideways": 0.5 * exp(-ey * ey / 0.04) + 0.5 * exp(-ey * ey / 0.005),
            "turn": 0.5 * exp(-turn * turn / 0.2) + 0.5 * exp(-turn * turn / 0.02),
            "steady": exp(-((vx - command[0]) ** 2 + (vy - command[1]) ** 2) / 0.15),
            "upright": 1 - min(1.0, 20 * trunk.pitch**2 + 20 * trunk.roll**2),
            "sway": trunk.gyro[0] * trunk.gyro[0] + trunk.gyro[1] * trunk.gyro[1],
            "bounce": vz * vz,
            "jerk": sum((a - b) ** 2 for a, b in zip(self.action, last_action, strict=True)) / 12,
            "effort": sum(a * a for a in self.action) / 12,
            "torque": sum(t * t for t in torques) / (12 * 40**2),
            "power": sum(abs(t * s) for t, s in zip(torques, speeds, strict=True)) / 100,
            **self._foot_terms(),
            "restless": sum(s * s for s in speeds) if gait.standing else 0.0,
            "dawdle": float(dawdles),
        }

    def _foot_terms(self) -> dict[str, float]:
        """What depends on where the feet are and where they were at the last tick."""
        robot = self.robot
        feet = robot.site_xpos[robot.foot_sites].tolist()
        slip = 0.0
        rhythm = 0.0
        for foot, before, swinging in zip(feet, self.feet, self.gait.swinging, strict=True):
            down = foot[2] - _SOLE < _NEAR_GROUND
            if down:
                slip += hypot(foot[0] - before[0], foot[1] - before[1]) / WALKER_DT
            rhythm += 0.5 * (down != swinging)
        self.feet = feet
        w, _, _, z = robot.quat.tolist()
        cos = w * w - z * z  # of the yaw, near enough as long as the trunk is upright
        sin = 2 * w * z
        left, right = feet
        across = (left[1] - right[1]) * cos - (left[0] - right[0]) * sin
        close_feet = min(max(_NARROWEST - abs(across), 0.0), 0.1)
        return {"slip": slip, "close_feet": close_feet, "rhythm": rhythm}


def step_reward(terms: dict[str, float], fallen: bool) -> float:
    """The scaled reward of a step: the weighted sum of its terms, or the price of a fall in their place.

    The sum is not allowed below -1, so that no step is worse than falling over.
    """
    if fallen:
        return REWARD_SCALE * REWARD_WEIGHTS["fall"]
    total = sum(REWARD_WEIGHTS[name] * value for name, value in terms.items())
    return REWARD_SCALE * max(total, -1.0)


class Practice:
    """Many pupils in one process, stepped together."""

    def __init__(
        self, parameters: GaitParameters, n_robots: int, seed: list[int], variants: int = 24
    ) -> None:
        """Args: gait parameters; robots in this group; entropy of the random numbers; randomised bodies."""
        rng = np.random.default_rng(seed)
        nominal = build_model()
        models = [nominal] * (variants // 4)
        models += [randomised(nominal, rng) for _ in range(variants - variants // 4)]
        self.pupils = [
            Pupil(parameters, models, np.random.default_rng(s)) for s in rng.integers(2**32, size=n_robots)
        ]
        for pupil in self.pupils:
            pupil.ticks = int(rng.integers(EPISODE_STEPS))  # episodes do not end all at once
        self.observations = np.zeros((n_robots, FEATURE_COUNT), dtype=np.float32)
        self.finished: list[tuple[float, bool]] = []
        self.squared_error = np.zeros(3)
        self.error_count = 0

    def observe(self) -> np.ndarray:
        """Inputs of the network for the first step. Shape: (n_robots, FEATURE_COUNT)."""
        for i, pupil in enumerate(self.pupils):
            self.observations[i] = pupil.observe()
        return self.observations

    def step(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[int, list[float]]]:
        """Move all robots for 20 ms and restart those that are done.

        Args:
            outputs: of the network. Shape: (n_robots, 12).

        Returns:
            rewards and done flags, Shape: (n_robots,), and the last input of each episode whose time was up.
        """
        n = len(self.pupils)
        rewards = np.zeros(n, dtype=np.float32)
        done = np.zeros(n, dtype=bool)
        timed_out: dict[int, list[float]] = {}
        for i, pupil in enumerate(self.pupils):
            rewards[i], fallen, time_up = pupil.move(outputs[i].tolist())
            if pupil.ticks > _SETTLED:
                self.squared_error += np.square(pupil.errors)
                self.error_count += 1
            done[i] = fallen or time_up
            if time_up:
                timed_out[i] = pupil.observe()
            if done[i]:
                self.finished.append((pupil.ticks * WALKER_DT, fallen))
                pupil.restart()
            self.observations[i] = pupil.observe()
        return rewards, done, timed_out

    def set_strongest_push(self, speed: float) -> None:
        """Limit of the pushes [m/s]."""
        for pupil in self.pupils:
            pupil.strongest_push = speed

    def get_state(self) -> dict[str, Any]:
        """Everything that decides how the group goes on, after a report was taken."""
        return {
            "pupils": [pupil.get_state() for pupil in self.pupils],
            "observations": self.observations.copy(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state` of a group of the same seed."""
        for pupil, own in zip(self.pupils, state["pupils"], strict=True):
            pupil.set_state(own)
        self.observations[:] = state["observations"]

    def take_report(self) -> dict:
        """Finished episodes and squared tracking errors since the last report."""
        report = {
            "episodes": self.finished,
            "squared_error": self.squared_error.copy(),
            "count": self.error_count,
        }
        self.finished = []
        self.error_count = 0
        self.squared_error[:] = 0.0
        return report
