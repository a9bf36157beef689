"""Disturbances do what they are called, and nothing else."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest

from soccer_lib.comparison.disturbances import (
    GRID,
    NONE,
    PUSH_TIME,
    UNITS,
    Disturbance,
    DisturbedPolicy,
    Push,
    disturb_model,
    disturbance_grid,
    disturbance_rng,
    sensed_entries,
)
from soccer_lib.evaluation.play import Transition, env_for
from soccer_lib.layout import AGENT, RAW
from soccer_lib.policies import Policy, PolicySpec, load_policy
from soccer_lib.sim import make_sim, simulation_of

TASK = "kick_to_target"


def feet_friction(disturbance: Disturbance) -> set[float]:
    """Friction that acts between feet and ground once the robot has dropped onto it."""
    sim = make_sim(TASK)
    disturb_model(sim, disturbance)
    sim.reset(seed=3)
    for _ in range(60):
        sim.advance(np.zeros(12))
    feet = {i for i in range(sim.model.ngeom) if "_foot_" in sim.model.body(sim.model.geom_bodyid[i]).name}
    found = {round(c.friction[0], 6) for c in sim.data.contact if {c.geom1, c.geom2} & feet}
    assert found, "the feet stand on the ground"
    return found


def test_friction_acts_on_the_feet():
    """Scaling the ground alone would change nothing: MuJoCo takes the larger of the two."""
    assert feet_friction(NONE) == {1.0} and feet_friction(Disturbance("friction", 0.4)) == {0.4}


def test_friction_leaves_the_ball_as_it_is():
    sim = make_sim(TASK)
    disturb_model(sim, Disturbance("friction", 0.4))
    assert sim.model.geom("ball").friction[0] == 1.0


def test_the_robots_mass_is_scaled_and_no_other():
    sim = make_sim(TASK)
    plain = sim.model.body_mass.copy()
    inertia = sim.model.body_inertia.copy()
    disturb_model(sim, Disturbance("mass", 1.2))
    robot = np.array([sim.model.body(i).name.startswith("robot_0:") for i in range(sim.model.nbody)])
    assert robot.sum() >= 13
    np.testing.assert_allclose(sim.model.body_mass[robot], 1.2 * plain[robot])
    np.testing.assert_allclose(sim.model.body_inertia[robot], 1.2 * inertia[robot])
    np.testing.assert_array_equal(sim.model.body_mass[~robot], plain[~robot])


def test_a_mass_of_one_changes_no_bit():
    states = []
    for disturbance in (NONE, Disturbance("mass", 1.0), Disturbance("friction", 1.0)):
        sim = make_sim(TASK)
        disturb_model(sim, disturbance)
        sim.reset(seed=3)
        for _ in range(200):
            sim.advance(np.zeros(12))
        states.append(sim.data.qpos.tobytes())
    assert len(set(states)) == 1


def test_a_push_gives_the_trunk_its_speed_once_and_not_before_its_time():
    sim = make_sim(TASK)
    sim.reset(seed=3)
    push = Push(sim, 0.5, np.random.default_rng(0))
    going_on = Transition(np.zeros(1), np.zeros(1), np.zeros(1), 0.0, False, False, {})
    root = sim.model.joint("robot_0:root").dofadr[0]
    sim.n_steps = int(PUSH_TIME / 0.002) - 1
    push.on_step(going_on)
    assert not sim.data.qvel.any()
    sim.n_steps += 1
    push.on_step(going_on)
    velocity = sim.data.qvel.copy()
    assert np.hypot(*velocity[root : root + 2]) == pytest.approx(0.5)
    assert np.count_nonzero(velocity) == 2
    push.on_step(going_on)
    np.testing.assert_array_equal(sim.data.qvel, velocity)
    mujoco.mj_forward(sim.model, sim.data)


class Notes(Policy):
    """Acts by nothing and keeps what it saw; its state counts its steps."""

    spec = PolicySpec("notes", control="command", observation="agent")

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def begin(self, seed: int | None = None) -> Any:
        return 0

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        self.seen.append(observation)
        return np.zeros(3, np.float32), state + 1


def shown(policy: Policy, observations: list[np.ndarray]) -> Any:
    """Let a policy see observations as `play_episode` does; returns its last state."""
    state = policy.begin(0)
    for observation in observations:
        _, state = policy.predict(observation, state)
    return state


def test_delay_shows_what_was_there_before():
    """A command lasts 0.1 s: 0.2 s are two observations; until there is one so old, the first one is seen."""
    inner = Notes()
    state = shown(DisturbedPolicy(inner, 0.0, 0.2, np.random.default_rng(0)), list(np.eye(4, 96)))
    assert [int(seen.argmax()) for seen in inner.seen] == [0, 0, 0, 1]
    assert state[0] == 4, "the policy's own state goes on"


@pytest.mark.parametrize(
    ("control", "hold", "delay", "steps"),
    [("command", None, 0.1, 1), ("command", 100, 0.1, 1), ("command", 100, 0.3, 2), ("joint", None, 0.1, 5)],
)
def test_a_delay_is_never_rounded_to_none(control, hold, delay, steps):
    """A command of hold 100 lasts 0.2 s: what is 0.1 s old is one step old, not none."""
    inner = Notes()
    inner.spec = PolicySpec("notes", control, "agent", hold=hold)
    shown(DisturbedPolicy(inner, 0.0, delay, np.random.default_rng(0)), list(np.eye(8, 96)))
    assert [int(seen.argmax()) for seen in inner.seen] == [max(0, index - steps) for index in range(8)]


def test_delay_reaches_policies_without_a_state():
    """`stand` follows its joints at 500 Hz: 0.1 s late it falls."""
    stand = load_policy("stand")
    late = DisturbedPolicy(stand, 0.0, 0.1, np.random.default_rng(0))
    observations = [np.full(39, value, np.float32) for value in np.linspace(0, 1, 60)]
    state = late.begin(0)
    for index, observation in enumerate(observations):
        action, state = late.predict(observation, state)
        np.testing.assert_array_equal(action, stand.predict(observations[max(0, index - 50)])[0])


def test_noise_is_as_large_as_it_says_and_spares_what_is_known():
    inner = Notes()
    shown(DisturbedPolicy(inner, 0.1, 0.0, np.random.default_rng(0)), [np.zeros(96, np.float32)] * 400)
    spread = np.std(inner.seen, axis=0)
    sensed = sensed_entries("agent", 96).astype(bool)
    assert spread[sensed] == pytest.approx(0.1, rel=0.2) and not spread[~sensed].any()
    known = ("player_team", "task_one_hot", "time_left", "gait_phase", "last_command", "kick_active")
    assert not any(sensed[AGENT[name]].any() for name in known)
    assert sensed.sum() == 96 - sum(AGENT[name].stop - AGENT[name].start for name in known)
    raw = RAW["goalie_penalty_kick"]
    assert sensed_entries("raw", raw.size)[raw["joint_pos"]].all()


def test_every_agent_meets_the_same_disturbance():
    one, other = Disturbance("noise", 0.1), Disturbance("push", 0.1)
    draw = disturbance_rng(1, 2, one).random()
    assert draw == disturbance_rng(1, 2, one).random() != disturbance_rng(1, 2, other).random()
    assert draw not in (disturbance_rng(2, 2, one).random(), disturbance_rng(1, 3, one).random())


def test_the_grid_has_a_meaning_for_every_kind():
    assert list(UNITS) == list(GRID) == list(dict.fromkeys(one.kind for one in disturbance_grid()))
    assert str(NONE) == "undisturbed" and str(Disturbance("mass", 0.8)) == "mass 0.8"


def test_a_changed_model_stays_in_its_environment():
    spec = load_policy("zero").spec
    heavy = simulation_of(env_for(spec, TASK))
    disturb_model(heavy, Disturbance("mass", 1.2))
    assert simulation_of(env_for(spec, TASK)).model.body_mass.sum() < heavy.model.body_mass.sum()
