"""The single environments, as gymnasium has them: an arm, and the arm with a target, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.genesis.drive import JointDrive, checked_actions, start_posture
from soccer_lib.genesis.engine import Gpu
from soccer_lib.genesis.layout import ARM, EPISODE, JOINTS, REACHING
from soccer_lib.genesis.physics import PhysicsRanges, nominal_physics, read_physics
from soccer_lib.genesis.scene import ArmScene, ArmState
from soccer_lib.genesis.task import ReachSettings, ReachTask, difficulty_curriculum
from soccer_lib.genesis.terms import read_profile
from soccer_lib.genesis.vec import action_space, observation_space
from soccer_lib.ranges import Range
from soccer_lib.seeds import checked_seed


class GenesisGymWrapper(gymnasium.Env):
    """An arm of Genesis as a gymnasium environment, with nothing to do: 17 entries, reward 0.

    Args:
        robot_type: name of the arm.
        use_gpu: True asks for a GPU, "auto" takes one where there is one.
        show_viewer: open a window.
        render_mode: "rgb_array" for `render`.
        max_episode_steps: longest episode [env steps].
        size: width and height of pictures.
        arm: a scene of one arm that is there already; it is not closed by `close`.

    Raises:
        InputError: unknown robot, no GPU, no display, Genesis not installed.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012 - as gymnasium has it
    layout = ARM

    def __init__(
        self,
        robot_type: str = "franka",
        use_gpu: Gpu = False,
        show_viewer: bool = False,
        render_mode: str | None = None,
        max_episode_steps: int = EPISODE,
        size: tuple[int, int] = (640, 480),
        arm: Any = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise InputError(
                f"render_mode got {render_mode!r}; expected None or 'rgb_array'; try 'rgb_array'"
            )
        self.render_mode = render_mode
        self.max_episode_steps = Range(1, whole=True).number(
            "max_episode_steps", max_episode_steps, "try 100"
        )
        camera = size if render_mode else None
        self._own = arm is None
        self.arm = arm or ArmScene(1, robot_type, use_gpu, show_viewer, camera)
        self.observation_space = observation_space(self.layout.size)
        self.action_space = action_space()
        self._drive = JointDrive(self.arm)
        self._age = 0

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Bring the arm home; a seed makes the start repeat itself."""
        super().reset(seed=checked_seed(seed))
        joints = start_posture(self.arm.robot, self.np_random)
        self._drive.start(np.zeros(1, dtype=int), joints[None], [nominal_physics()])
        self._age = 0
        return self._observe(self.arm.read()), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Move the joint targets by `action` times 0.04 rad and let 0.02 s pass."""
        state = self._drive.move(checked_actions(action, (JOINTS,))[None])
        self._age += 1
        return self._observe(state), 0.0, False, self._age >= self.max_episode_steps, {}

    def render(self) -> np.ndarray | None:
        """A picture, uint8, Shape: (height, width, 3); None without a render_mode."""
        return self.arm.picture() if self.render_mode else None

    def close(self) -> None:
        """End the scene, where it is this environment's own."""
        if self._own:
            self.arm.close()

    def _observe(self, state: ArmState) -> np.ndarray:
        return np.concatenate([state.joint_pos[0], state.joint_vel[0], state.tool[0]]).astype(np.float32)


class ReachingEnv(GenesisGymWrapper):
    """Bring the tool to a target within 5 cm: 24 entries, and a reward of named terms.

    The target lies at x 0.3 to 0.7, y -0.3 to 0.3, z 0.2 to 0.5 m. Every `info` has `distance_to_target` [m],
    `is_success` and `reward_terms` (unweighted). `reset(options={"target": (0.5, 0.0, 0.3)})` chooses one.

    Args:
        reward: a profile, or weights.
        difficulty: 0.1 (targets next to the tool) to 1 (the whole box).
        stage: "posture", "reach" or "hold".
        tolerance: distance that counts as reached, in place of the stage's own [m].
        wrapper: arguments of `GenesisGymWrapper`.
    """

    layout = REACHING

    def __init__(
        self,
        *,
        reward: str | Mapping[str, float] = "shaped",
        difficulty: float = 1.0,
        stage: str = "reach",
        tolerance: float | None = None,
        **wrapper: Any,
    ) -> None:
        settings = ReachSettings(
            stage,
            read_profile(reward),
            difficulty,
            tolerance=tolerance,
            episode=wrapper.get("max_episode_steps", EPISODE),
            **self._extra(),
        )
        super().__init__(**wrapper)
        self.task = ReachTask(self.arm, settings)

    def _extra(self) -> dict[str, Any]:
        """What a variant adds to the settings."""
        return {}

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; `options` may name its target."""
        gymnasium.Env.reset(self, seed=checked_seed(seed))
        if seed is not None:
            self.task.seed(seed)
        target = (options or {}).get("target")
        observation = self.task.reset(targets=None if target is None else [target])
        return observation[0], self._info(False, {})

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take one step; reaching the target ends the episode."""
        outcome = self.task.step(checked_actions(action, (JOINTS,))[None])
        success = bool(outcome.success[0])
        terms = {name: float(value[0]) for name, value in outcome.terms.items()}
        return (
            outcome.observation[0],
            float(outcome.reward[0]),
            success,
            bool(outcome.truncated[0]),
            self._info(success, terms),
        )

    @property
    def distance_to_target(self) -> float:
        """From the tool to the target [m]."""
        return float(self.task.distance[0])

    def _info(self, success: bool, terms: dict[str, float]) -> dict[str, Any]:
        return {
            "distance_to_target": self.distance_to_target,
            "target": self.task.target[0].copy(),
            "difficulty": self.task.difficulty,
            "is_success": success,
            "reward_terms": terms,
        }


class CurriculumReachingEnv(ReachingEnv):
    """Reaching that begins with near targets; the difficulty rises from 0.1 to 1 with success.

    Args:
        up: share of the last `window` episodes that has to succeed.
        window: episodes of a difficulty before it is left [count].
        reaching: arguments of `ReachingEnv`.
    """

    def __init__(self, *, up: float = 0.8, window: int = 50, **reaching: Any) -> None:
        self._curriculum = difficulty_curriculum(up, window)
        super().__init__(**reaching)

    def _extra(self) -> dict[str, Any]:
        return {"curriculum": self._curriculum}


class RandomizedReachingEnv(ReachingEnv):
    """Reaching with an arm whose physics differs from episode to episode.

    Each reset starts from the robot's own numbers, so that nothing adds up; `info["physics"]` tells them.

    Args:
        physics: "mild", "hard", or ranges by trait: gravity, damping, friction, mass, strength.
        reaching: arguments of `ReachingEnv`.
    """

    def __init__(self, *, physics: str | PhysicsRanges = "mild", **reaching: Any) -> None:
        self._ranges = read_physics(physics)
        super().__init__(**reaching)

    def _extra(self) -> dict[str, Any]:
        return {"physics": self._ranges}

    def _info(self, success: bool, terms: dict[str, float]) -> dict[str, Any]:
        return super()._info(success, terms) | {"physics": dict(self.arm.physics[0])}
