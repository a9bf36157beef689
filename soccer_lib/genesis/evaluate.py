"""Playing held-out targets: how many are reached, how fast, how near, each with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from soccer_lib.errors import known_name
from soccer_lib.evaluation.intervals import Estimate, bootstrap_of, wilson
from soccer_lib.genesis import engine
from soccer_lib.genesis.agents import acting_model, agent_file, read_settings_of, with_normaliser
from soccer_lib.genesis.config import GPU_OF_DEVICE
from soccer_lib.genesis.physics import LEVELS, PhysicsRanges, read_physics
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.targets import held_out_targets
from soccer_lib.genesis.task import STAGES, ReachSettings
from soccer_lib.genesis.vec import ReachVecEnv
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import atomic_write_json
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.seeds import REPORTED

Act = Callable[[np.ndarray], np.ndarray]
"""Observations to actions, a row for each arm."""


@dataclass(frozen=True)
class ReachResult:
    """One episode for each target.

    Attributes:
        targets: [m]. Shape: (n, 3).
        success: Shape: (n,), bool.
        length: [env steps]. Shape: (n,).
        distance: at the end [m; rad in the posture stage]. Shape: (n,).
        posture: whether it was the posture stage.
    """

    targets: np.ndarray
    success: np.ndarray
    length: np.ndarray
    distance: np.ndarray
    posture: bool = False

    @property
    def success_rate(self) -> Estimate:
        """Share of targets that were reached, with Wilson's interval."""
        return wilson(self.success.tolist())

    def summary(self) -> dict[str, Any]:
        """The figures, flat."""
        rate = self.success_rate
        length = bootstrap_of(self.length[self.success])
        distance = bootstrap_of(self.distance)
        return {
            "success_rate": rate.value,
            "success_rate_ci95": [rate.low, rate.high],
            "n_episodes": len(self.success),
            "steps_to_success_mean": length.value,
            "steps_to_success_ci95": [length.low, length.high],
            "final_distance_mean": distance.value,
            "final_distance_ci95": [distance.low, distance.high],
        }

    def words(self) -> str:
        """One line for people."""
        figures = self.summary()
        low, high = figures["success_rate_ci95"]
        line = f"success {figures['success_rate']:.0%} [{low:.0%}, {high:.0%}] of {len(self.success)} targets"
        if self.success.any():
            line += f", in {figures['steps_to_success_mean']:.0f} steps"
        return f"{line}, {distance_words(figures['final_distance_mean'], self.posture)} at the end"


def distance_words(distance: float, posture: bool) -> str:
    """How far away, in cm, or in rad in the posture stage.

    Example:
        >>> distance_words(0.043, posture=False)
        '4.3 cm away'
    """
    return f"{distance:.2f} rad away" if posture else f"{100 * distance:.1f} cm away"


def play_targets(env: VecEnv, act: Act, targets: np.ndarray) -> ReachResult:
    """Play one episode for each target.

    Args:
        env: a `ReachVecEnv`, behind its normaliser where it has one.
        act: the policy.
        targets: [m]. Shape: (n, 3); as many episodes run at once as there are arms.
    """
    inner: Any = env.unwrapped
    count = len(targets)
    success = np.zeros(count, dtype=bool)
    length = np.zeros(count, dtype=int)
    distance = np.full(count, np.nan)
    arms = env.num_envs
    for first in range(0, count, arms):
        batch = np.arange(first, min(first + arms, count))
        # Arms beyond the last target play it once more, and are not counted.
        filled = np.concatenate([batch, np.full(arms - len(batch), batch[-1])])
        # Start and physics belong to the target, whatever the number of arms.
        inner.aim(targets[filled], [REPORTED.start + int(number) for number in filled])
        observation = env.reset()
        waiting = np.arange(arms) < len(batch)
        step = 0
        while waiting.any():
            step += 1
            observation, _, over, infos = env.step(act(observation))
            for row in np.flatnonzero(over & waiting):
                success[batch[row]] = infos[row]["is_success"]
                length[batch[row]] = step
                distance[batch[row]] = infos[row]["distance_to_target"]
            waiting &= ~over
    inner.aim(None)
    return ReachResult(np.asarray(targets), success, length, distance, inner.task.stage.posture)


def agent_result(
    run: Path,
    episodes: int,
    physics: str | PhysicsRanges = "none",
    scenes: Any = None,
    stage: str = "",
    seed: int = REPORTED.start,
    use_gpu: engine.Gpu = False,
    goals: np.ndarray | None = None,
) -> ReachResult:
    """Let the best agent of a run reach for held-out targets.

    Args:
        run: its folder.
        episodes: targets.
        physics: what differs between episodes: a level, or ranges by trait.
        scenes: `train.Scenes` that are shared; None builds one for this.
        stage: what success is; empty as it was trained.
        seed: of the first target.
        use_gpu: see `engine.start`.
        goals: other targets in place of the held-out ones [m]. Shape: (episodes, 3).
    """
    settings = read_settings_of(run)
    agent_file(run)  # asked for before a scene is built
    task = ReachSettings(stage or settings.stage, physics=read_physics(physics))
    arms = min(episodes, 100)
    if scenes is None:
        arm = ArmScene(arms, settings.robot, use_gpu)
    else:
        arm = scenes.arm(arms, settings.robot, use_gpu, "judge")
    try:
        env, act = agent_env(run, arm, task, seed)
        return play_targets(env, act, held_out_targets(episodes, seed) if goals is None else goals)
    finally:
        if scenes is None:
            arm.close()


def agent_env(
    run: Path, arm: Any, task: ReachSettings | None = None, seed: int = REPORTED.start
) -> tuple[VecEnv, Act]:
    """The arms of a scene behind the normaliser of a run, and its best agent.

    Args:
        run: its folder.
        arm: the scene.
        task: None for the stage that it was trained on.
        seed: of what the task draws.
    """
    settings = read_settings_of(run)
    inner = ReachVecEnv(arm, task or ReachSettings(settings.stage), seed)
    env = with_normaliser(inner, settings, training=False)
    return env, act_of(acting_model(settings, env, agent_file(run)))


def acting_env(
    run: Path,
    use_gpu: engine.Gpu = False,
    show_viewer: bool = False,
    camera: tuple[int, int] | None = None,
) -> tuple[VecEnv, Act]:
    """One arm and the best agent of a run, to be watched.

    Args:
        run: its folder.
        use_gpu: see `engine.start`.
        show_viewer: open a window.
        camera: width and height of pictures; None for none.
    """
    settings = read_settings_of(run)
    agent_file(run)
    return agent_env(run, ArmScene(1, settings.robot, use_gpu, show_viewer, camera))


def act_of(model: BaseAlgorithm) -> Act:
    """What a model does without exploration."""
    return lambda observation: model.predict(observation, deterministic=True)[0]


def random_act(seed: int) -> Act:
    """Anything at all."""
    rng = np.random.default_rng(seed)
    return lambda observation: rng.uniform(-1, 1, (len(observation), 7))


def zero_act(observation: np.ndarray) -> np.ndarray:
    """Nothing."""
    return np.zeros((len(observation), 7))


BASELINES: dict[str, Callable[[], Act]] = {"random": lambda: random_act(0), "zero": lambda: zero_act}
"""Name -> what makes an agent that needs no training; made anew, it does the same again."""


@dataclass(frozen=True)
class GenesisEvaluateConfig:
    """Let an agent reach for targets that no training has drawn."""

    agent: Annotated[str, tyro.conf.Positional] = "runs/genesis/reach"
    """a run of genesis train, or random, or zero [path]"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 100
    """targets [count]"""
    seed: Annotated[int, Range(REPORTED.start, REPORTED.stop - 10_001, whole=True)] = REPORTED.start
    """of the first target"""
    physics: str = "none"
    """what differs between episodes: none, mild, hard"""
    stage: str = ""
    """what success is; empty as it was trained"""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """where physics and networks run; auto takes a GPU where there is one"""
    json: str = ""
    """also write the figures [path]"""
    map: str = ""
    """also draw where targets were reached [path]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        known_name("level of --physics", self.physics, LEVELS)
        known_name("stage", self.stage or "reach", STAGES)
        if self.map:
            from soccer_lib.view.style import check_picture_name

            check_picture_name(self.map)


def baseline_result(config: GenesisEvaluateConfig) -> ReachResult:
    """Let what needs no training reach for held-out targets."""
    task = ReachSettings(config.stage or "reach", physics=LEVELS[config.physics])
    arm = ArmScene(min(config.episodes, 100), use_gpu=GPU_OF_DEVICE[config.device])
    try:
        env = ReachVecEnv(arm, task, config.seed)
        return play_targets(env, BASELINES[config.agent](), held_out_targets(config.episodes, config.seed))
    finally:
        arm.close()


def evaluate_agent(config: GenesisEvaluateConfig) -> ReachResult:
    """Play the held-out targets with an agent, print and return what came of it.

    Raises:
        InputError: no such agent, or one of other settings.
        ResourceError: a file that was asked for cannot be written.
    """
    check_outputs([config.json, config.map])
    if config.agent in BASELINES:
        result = baseline_result(config)
    else:
        gpu = GPU_OF_DEVICE[config.device]
        run = Path(config.agent)
        result = agent_result(run, config.episodes, config.physics, None, config.stage, config.seed, gpu)
    print_progress(f"{config.agent}: {result.words()}")
    if config.json:
        atomic_write_json(config.json, result.summary() | {"episodes": per_episode(result)})
    if config.map:
        from soccer_lib.genesis.figures import plot_reach_map
        from soccer_lib.view.style import save_figure

        save_figure(plot_reach_map(result), config.map)
    return result


def per_episode(result: ReachResult) -> list[dict[str, Any]]:
    """A row for each target."""
    return [
        {"target": target, "success": bool(success), "length": int(length), "distance": float(distance)}
        for target, success, length, distance in zip(
            result.targets.tolist(), result.success, result.length, result.distance, strict=True
        )
    ]


def main(config: GenesisEvaluateConfig) -> None:
    """Run the command."""
    evaluate_agent(config)
