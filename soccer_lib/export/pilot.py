"""Flying one robot from outside the environment: stock observation and info in, a joint target out.

In an environment of `make_env` a command drives the physics steps; the competition's client asks for twelve
torques at every single one of them. Here the same walker, kicks, tracker and observations answer step by
step. This file runs in the library, for tests, and as a part of every exported preprocessor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.control.ball import BallTracker
from soccer_lib.control.kicks import KICK_THRESHOLD, requested_kick
from soccer_lib.geometry import heading_of, turned
from soccer_lib.layout import COMMAND_SCALE, INFO_FIELDS, JOINT_STATE, RAW, TORQUE_LIMIT, Sensed
from soccer_lib.sim.torque import pd_torque
from soccer_lib.tasks import TASKS, WALKER_STEPS
from soccer_lib.wrappers.heading import in_heading_frame
from soccer_lib.wrappers.observation import assembled

TORQUE_UNIT = np.array([64, 64, 32, 128, 32, 16] * 2, dtype=np.float32)
"""What 1 stands for in an exported torque [N m]: the powers of two next above the limits. Shape: (12,).

A torque in shares of 45 N m comes back from them with another last bit; in powers of two it does not.
"""

COMPETITION_TASKS = [task for task in TASKS.values() if task.one_hot is not None]

_BALL = RAW["kick_to_target"]["ball_xpos_rel_robot"]
_SPIN = RAW["kick_to_target"]["ball_velr_rel_robot"]


class Senses:
    """One robot's row of what the client hands over.

    Attributes:
        raw: the stock observation, float32.
        quat: orientation of the trunk, x y z w, float32. Shape: (4,).
        gyro: angular velocity in the trunk frame [rad/s], float32. Shape: (3,).
    """

    def __init__(self, raw: np.ndarray, info: dict[str, np.ndarray], row: int) -> None:
        """Args: stock observation; arrays of the stock info, a row a robot; which row."""
        self.raw = raw
        self._info = info
        self._row = row
        self.quat = self.told("robot_quat")
        self.gyro = self.told("robot_gyro")

    def told(self, name: str) -> np.ndarray:
        """An entry of the stock info in single precision."""
        return self._info[name][self._row].astype(np.float32)

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS`. Shape: (59,)."""
        return np.concatenate([self.told(name) for name in INFO_FIELDS])

    def sensed(self) -> Sensed:
        """What the robot's own sensors say."""
        velocimeter = self.told("robot_velocimeter")
        return Sensed(self.raw[:12], self.raw[12:24], self.quat, self.gyro, velocimeter)

    def ball(self, offset: tuple[float, float, float]) -> tuple[float, float]:
        """The ball's true centre in the robot's heading frame [m], from the tracker's offset."""
        x, y, _ = (self.raw[_BALL] + offset).tolist()
        return turned((x, y), -heading_of(self.quat))


class Pilot:
    """Follows an episode step by step and builds what the agent sees.

    Args:
        policy: who acts; its spec names observation and hold.

    Attributes:
        steps: physics steps since the reset.
    """

    hold = 1

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.tracker = BallTracker()
        self.begin(COMPETITION_TASKS[0])

    def begin(self, task: Any) -> None:
        """Start an episode of a task."""
        self.task = task
        self.steps = 0
        self.start: int | None = None
        self.memory = self.policy.begin()
        self.answer = np.zeros(12, np.float32)
        self.tracker.reset()

    def step(self, senses: Senses, task: Any) -> np.ndarray:
        """Take in what is seen after a physics step, or after the reset, and answer it.

        Args:
            senses: what the client hands over.
            task: the task that is played.

        Returns:
            What `answer_now` makes, held from one action to the next.
        """
        if not senses.raw[JOINT_STATE].any():
            self.begin(task)  # all joints are exactly at rest at 0; any torque moves them with its first step
        else:
            self.steps += 1
            self.tracker.push(senses.raw[_SPIN], senses.quat, senses.gyro)
        if self.start is None or self.is_over():
            self.start = self.steps
            self.decide(senses)
        self.refresh(senses)
        return self.answer

    def is_over(self) -> bool:
        """Whether the last action has been played to its end."""
        assert self.start is not None
        return self.steps - self.start >= self.hold

    def decide(self, senses: Senses) -> None:
        """Choose the next action."""
        raise NotImplementedError

    def refresh(self, senses: Senses) -> None:
        """Bring the answer up to date within an action."""

    def act(self, senses: Senses) -> np.ndarray:
        """Let the policy act, within [-1, 1]."""
        action, self.memory = self.policy.act(self.observation(senses), self.memory, True)
        return np.clip(action, np.float32(-1), np.float32(1))

    def observation(self, senses: Senses) -> np.ndarray:
        """What the policy sees, as `make_env` shows it."""
        name = self.policy.spec.observation
        if name == "raw":
            return senses.raw
        full = assembled(senses.raw[JOINT_STATE], senses.quat, senses.described(), self.task)
        if name == "full":
            return full
        robot = in_heading_frame(full, senses.quat, self.tracker.offset, self.tracker.spin)
        if name == "robot":
            return robot
        left = 1 - self.steps / self.task.max_steps
        return np.concatenate((robot, (left, *self.controller_entries())), dtype=np.float32)

    def controller_entries(self) -> tuple[float, ...]:
        """Gait phase, last command and whether a kick is played: zeros without a walker."""
        return (0.0,) * 6


class TorquePilot(Pilot):
    """For scripted agents that give torques."""

    def decide(self, senses: Senses) -> None:
        """Torques [N m]."""
        self.answer = self.act(senses) * TORQUE_LIMIT

    @staticmethod
    def torques(answers: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """Torques of a batch [N m] from the answers and the joint state. Shapes: (n, 12), (n, 24)."""
        return answers


class ObservingPilot(Pilot):
    """For agents whose network is in the model: answers with what it sees, held between two actions."""

    def __init__(self, policy: Any, hold: int) -> None:
        self.hold = hold
        super().__init__(policy)

    def decide(self, senses: Senses) -> None:
        """Look."""
        self.answer = self.observation(senses)


class CommandPilot(Pilot):
    """For agents that give commands: walker, kicks and PD as in `wrappers.CommandControl`.

    Args:
        policy: who gives the commands.
        make_macro: makes the kicks of a walker.
        walker: who obeys the commands.
        hold: physics steps that a command lasts.
    """

    def __init__(self, policy: Any, make_macro: Callable[[Any], Any], walker: Any, hold: int) -> None:
        self.walker = walker
        self.macro = make_macro(walker)
        self.hold = hold
        self.kp = walker.kp.astype(np.float32)
        self.kd = walker.kd.astype(np.float32)
        super().__init__(policy)

    def begin(self, task: Any) -> None:
        """Start an episode of a task."""
        super().begin(task)
        self.walker.reset()
        self.macro.reset()
        self.command = np.zeros(3)
        self.triggered = False

    def is_over(self) -> bool:
        """A kick lasts until it is swung or given up, and at least as long as any command."""
        if self.triggered and not self.macro.active:
            return True
        return super().is_over() and not (self.triggered and self.macro.committed)

    def decide(self, senses: Senses) -> None:
        """Take a command in: a walk, or a kick, which fires or is refused."""
        action = self.act(senses)
        self.triggered = False
        kick = requested_kick(action, KICK_THRESHOLD)
        if not kick:
            velocity = (action * COMMAND_SCALE).astype(float)
            self.command = np.clip(velocity, self.walker.limits[:, 0], self.walker.limits[:, 1])
            return
        if self.macro.active or kick not in self.macro.names:
            return
        ball = senses.ball(self.tracker.offset)
        if self.macro.allowed(ball):
            self.macro.start(kick, ball, heading_of(senses.quat))
            self.command = np.zeros(3)
            self.triggered = True

    def refresh(self, senses: Senses) -> None:
        """A new joint target every 20 ms [rad]."""
        if self.steps % WALKER_STEPS:
            return
        sensed = senses.sensed()
        if self.macro.active:
            yaw = heading_of(senses.quat)
            self.answer = self.macro.step(lambda: senses.ball(self.tracker.offset), yaw, sensed)
        else:
            self.answer = self.walker.step(self.command, sensed)

    def controller_entries(self) -> tuple[float, ...]:
        """Gait phase, last command and whether a kick is played."""
        angle = 2 * math.pi * self.walker.phase
        command = [a / b for a, b in zip(self.command.tolist(), COMMAND_SCALE.tolist(), strict=True)]
        return (math.cos(angle), math.sin(angle), *command, float(self.macro.active))

    def torques(self, answers: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """Torques of a batch [N m] toward the joint targets. Shapes: (n, 12), (n, 24)."""
        return pd_torque(answers, joints[:, :12], joints[:, 12:], self.kp, self.kd)
