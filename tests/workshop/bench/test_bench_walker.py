"""The walker's benchmark: its trial is the stock environment, its measures are checked by hand."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from soccer_lib.control import OwnWalker
from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError
from soccer_lib.layout import Sensed
from soccer_lib.view.style import save_figure
from soccer_lib.workshop.bench import walker as bench
from soccer_lib.workshop.bench import walking
from soccer_lib.workshop.bench.walk_trial import (
    PHYSICS_DT,
    Trace,
    WalkTrial,
    command_sequence,
    cycle_means,
    footprints,
    heading_velocity,
    tracking_errors,
)


def trace_of(velocity, fell=False):
    n = len(velocity)
    feet = np.zeros((-(-n // 10), 2, 4))
    return Trace(np.zeros((n, 2)), np.asarray(velocity, float), np.zeros(n), feet, fell, 0.0)


def test_errors_start_after_settling_and_average_one_cycle():
    n = int(6.0 / PHYSICS_DT)
    velocity = np.zeros((n, 3))
    t = np.arange(n) * PHYSICS_DT
    velocity[:, 0] = 0.5 + 0.3 * np.sin(2 * np.pi * t / 0.5)  # swings with the gait: the mean is what counts
    velocity[t >= 3, 2] = 0.4
    sequence = [(0.0, np.array([0.4, 0.0, 0.0])), (3.0, np.array([0.5, 0.0, 0.1]))]
    errors = tracking_errors(trace_of(velocity), sequence, cycle=0.5)
    first, second = errors[:75], errors[75:]
    np.testing.assert_allclose(first, np.tile([0.1, 0.0, 0.0], (75, 1)), atol=1e-9)
    np.testing.assert_allclose(second, np.tile([0.0, 0.0, 0.3], (75, 1)), atol=1e-9)


def test_cycle_means_by_hand():
    trace = trace_of(np.outer([1.0, 3.0, 5.0, 7.0], [1, 0, -1]))
    np.testing.assert_allclose(cycle_means(trace, 2 * PHYSICS_DT), np.outer([2.0, 4.0, 6.0], [1, 0, -1]))
    assert len(cycle_means(trace, 1.0)) == 0  # it fell within its first cycle


def test_a_footprint_is_where_a_foot_comes_down_after_a_flight():
    trace = trace_of(np.zeros((120, 3)))
    trace.feet[:, 0, 3] = [0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1]  # dropped, then a step, then a slip
    trace.feet[:, 0, 0] = np.arange(12)
    trace.feet[5:, 1] = (0.3, -0.1, 0.2, 1)
    np.testing.assert_allclose(footprints(trace), [[0, 1, 0, 0], [1, 0.3, -0.1, 0.2], [0, 7, 0, 0]])


def test_a_standing_robot_leaves_one_print_per_foot():
    standing = WalkTrial().run(OwnWalker(GaitParameters()), lambda t: np.zeros(3), 1.0)
    assert standing.feet.shape == (50, 2, 4) and standing.feet[-1, :, 3].tolist() == [1, 1]
    prints = footprints(standing)
    assert prints[:, 0].tolist() == [0, 1]
    assert 0.15 < np.hypot(*(prints[0, 1:3] - prints[1, 1:3])) < 0.4


def test_heading_velocity_by_hand():
    half = np.sqrt(0.5)
    pose = np.array([[0, 0, 0.7, half, 0, 0, half]])  # turned by 90 degrees to the left
    speed = np.array([[0.0, 1.0, 0.0, 0.0, 0.0, 0.3]])
    np.testing.assert_allclose(heading_velocity(pose, speed), [[1.0, 0.0, 0.3]], atol=1e-12)


def test_sequences_repeat_and_stay_in_range():
    one, two = (command_sequence(np.random.default_rng(4), 10.0) for _ in range(2))
    starts, commands = [s for s, _ in one], np.array([c for _, c in one])
    np.testing.assert_array_equal(commands, [c for _, c in two])
    assert starts[0] == 0 and (np.diff(starts) >= 2).all() and (np.diff(starts) <= 4).all()
    assert (commands >= [-0.3, -0.4, -1.0]).all() and (commands <= [1.0, 0.4, 1.0]).all()


def test_trial_is_the_stock_environment_bit_for_bit():
    """The real `gym.make(...).step`, driven by nothing but its observation and info, goes the same way."""
    import gymnasium as gym
    import sai_mujoco  # noqa: F401

    trial = WalkTrial()
    command = np.array([0.4, 0.1, 0.3])
    walker = OwnWalker(GaitParameters())
    trace = trial.run(walker, lambda t: command, 1.0, phase=0.25)
    env = gym.make("LowerT1KickToTarget-v0")
    env.reset(seed=0)
    stock = env.unwrapped
    data = stock.sim.data._data
    import mujoco

    data.qpos[trial.root : trial.root + 2] = 0.0
    data.qpos[trial.ball : trial.ball + 2] = trial.sim.data.qpos[trial.ball : trial.ball + 2]
    mujoco.mj_forward(stock.sim.model._model, data)
    seen, info = stock._get_obs(), stock._get_info()
    walker.reset(phase=0.25)
    for t in range(500):
        joint_pos, joint_vel = (np.asarray(part, np.float32) for part in (seen[:12], seen[12:24]))
        if t % 10 == 0:
            sensors = [np.asarray(info[f"robot_{k}"], np.float32) for k in ("quat", "gyro", "velocimeter")]
            target = walker.step(command, Sensed(joint_pos, joint_vel, *sensors))
        torque = walker.kp * (target - joint_pos) - walker.kd * joint_vel
        seen, *_, info = env.step(torque.astype(np.float32))
        np.testing.assert_array_equal(data.qpos[trial.root : trial.root + 2], trace.position[t])
    assert not trace.fell


def test_a_tiny_bench_fills_every_row_and_draws(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(walking, "TOUR", (("walk ahead", (0.6, 0, 0), 0.2), ("stop", (0, 0, 0), 0.2)))
    path = tmp_path / "gait.npz"
    np.savez(path, gait=GaitParameters().vector())
    files = {"json": "t.json", "plot": "t.png", "video": "t.gif"}
    files = {flag: str(tmp_path / name) for flag, name in files.items()}
    bench.main(bench.WalkerBenchConfig(walker=str(path), sequences=1, workers=1, **files))
    with Image.open(files["video"]) as video:
        assert video.size == (640, 360) and video.n_frames > 5
    with Image.open(files["plot"]) as plot:
        assert plot.width > 1000
    table = json.loads((tmp_path / "t.json").read_text())["walkers"][str(path)]
    assert len(table["sha256"]) == 64
    assert {"upright_share", "planar_error_m_s", "two_metres_s", "push_0.6_upright_share"} <= set(
        table["rows"]
    )
    assert all(len(row) == 3 for row in table["rows"].values())
    assert table["rows"]["stand_drift_m_s"][0] < 0.1
    assert "cost_of_transport_0.6" in capsys.readouterr().out


def test_bad_settings_are_one_clear_line(tmp_path):
    config = bench.WalkerBenchConfig(walker=str(tmp_path / "none.npz"))
    with pytest.raises(InputError, match="sequences 0"):
        bench.measure(dataclasses.replace(config, sequences=0))
    with pytest.raises(InputError, match="not found"):
        bench.measure(config)


def test_names_of_picture_and_video_are_checked_before_the_bench():
    for flag, name in (("plot", "a.jpg"), ("video", "a.avi")):
        with pytest.raises(InputError, match=f"{name} is no .* expected one that ends in"):
            bench.main(bench.WalkerBenchConfig(**{flag: name}))


def test_the_picture_takes_a_reference_and_a_walker_that_fell(tmp_path):
    walk = walking.Walk(np.arange(3.0), np.zeros((3, 3)), np.zeros((5, 2)), np.zeros((2, 4)))
    fallen = walking.Walk(np.zeros(0), np.zeros((0, 3)), np.zeros((1, 2)), np.zeros((0, 4)))
    sequence = [(0.0, np.ones(3)), (2.0, np.zeros(3))]
    picture = walking.plot_walking({"own": walk, "other": fallen}, sequence, 4.0)
    titles = [axes.get_title(loc="left") for part in picture.subfigs for axes in part.axes]
    assert titles[-2:] == ["footprints: own", "footprints: other"]
    save_figure(picture, tmp_path / "walk.png")


def test_the_committed_walker_follows_commands_on_the_stock_scene():
    job = {"walker": "own", "kind": "sequence", "level": 0.0, "seed": 150}
    results = [bench.run_job(bench.Job(index=i, **job)) for i in range(3)]
    assert not any(result["fell"] for result in results)
    n = sum(result["n"] for result in results)
    assert np.sqrt(sum(result["planar"] for result in results) / n) < 0.2
    assert np.sqrt(sum(result["turn"] for result in results) / n) < 0.3
    sprint = bench.run_job(bench.Job("own", "sprint", 1.0, 0, 150))
    assert sprint["seconds"] < 3.5
