"""The walker's benchmark: its trial is the stock environment, its measures are checked by hand."""

import dataclasses
import json
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from soccer_lib.control import OwnWalker
from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError
from soccer_lib.layout import COMMAND_SCALE, Sensed
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
    speed = np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]])  # along the world's x axis: to its right
    np.testing.assert_allclose(heading_velocity(pose, speed), [[0.0, -1.0, 0.0]], atol=1e-12)
    rolled = np.array([[0, 0, 0.7, half, half, 0, 0]])  # on its right side: its y axis points up
    spin = np.array([[0.0, 0.0, 0.0, 0.0, 0.4, 0.0]])
    np.testing.assert_allclose(heading_velocity(rolled, spin), [[0.0, 0.0, 0.4]], atol=1e-12)


def test_sequences_repeat_and_stay_in_range():
    one, two = (command_sequence(np.random.default_rng(4), 10.0) for _ in range(2))
    starts, commands = [s for s, _ in one], np.array([c for _, c in one])
    np.testing.assert_array_equal(commands, [c for _, c in two])
    assert starts[0] == 0 and (np.diff(starts) >= 2).all() and (np.diff(starts) <= 4).all()
    assert (commands >= [-0.3, -0.4, -1.0]).all() and (commands <= [1.0, 0.4, 1.0]).all()


@pytest.mark.golden
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
        bench.measure_walkers(dataclasses.replace(config, sequences=0))
    with pytest.raises(InputError, match="not found"):
        bench.measure_walkers(config)


def test_names_of_picture_and_video_are_checked_before_the_bench():
    for flag, name in (("plot", "a.jpg"), ("video", "a.avi")):
        with pytest.raises(InputError, match=f"{name} is not .* expected one that ends in"):
            bench.main(bench.WalkerBenchConfig(**{flag: name}))


def test_the_cost_of_transport_by_hand():
    """60 W at 0.5 m/s for a robot of 300 N: 60 / (300 * 0.5) = 0.4; what came before 2 s does not count."""
    n = int(6.0 / PHYSICS_DT)
    trace = trace_of(np.zeros((n, 3)))
    t = np.arange(n) * PHYSICS_DT
    trace.position[:, 0] = 0.5 * t
    trace.power[:] = np.where(t < 2.0, 1e6, 60.0)
    # The path is measured every 0.5 s: 7 pieces of the last 4 s fit, the work of all 2000 steps is counted.
    assert bench.cost_of_transport(trace, 300.0) == pytest.approx(60 * 4 / (300 * 0.5 * 3.5))
    trace.position[:, 1] = 0.05 * np.sin(2 * np.pi * t / 0.5)  # it sways once in each of the pieces
    assert bench.cost_of_transport(trace, 300.0) == pytest.approx(60 * 4 / (300 * 0.5 * 3.5))
    trace.position[:] = 0.0
    assert np.isnan(bench.cost_of_transport(trace, 300.0)), "it stood still"


def test_the_weight_is_the_robots_own_in_the_scenes_gravity():
    """The LowerT1 weighs about 30 kg; a cost without gravity would be ten times as high."""
    trial = WalkTrial()
    robot = [i for i in range(trial.sim.model.nbody) if "robot_0" in trial.sim.model.body(i).name]
    assert trial.mass == pytest.approx(sum(trial.sim.model.body_mass[robot])) and 20 < trial.mass < 40
    assert trial.gravity == pytest.approx(9.81)
    costs = []

    class Trial(WalkTrial):
        def run(self, *args, **kwargs):
            costs.append(trace_of(np.zeros((3000, 3))))
            costs[-1].position[:, 0] = np.linspace(0, 6, 3000)
            costs[-1].power[:] = 50.0
            return costs[-1]

    cost = bench.TRIALS["pace"](Trial(), None, bench.Job("own", "pace", 0.5, 0, 0))["cost"]
    assert cost == pytest.approx(bench.cost_of_transport(costs[0], trial.mass * 9.81))


def test_pushes_come_from_all_sides_with_the_strength_of_their_level():
    pushed = []

    class Trial:
        def run(self, walker, command_at, seconds, phase, pushes):
            pushed.append(pushes)
            return trace_of(np.zeros((10, 3)), fell=len(pushed) == 2)

    jobs = [bench.Job("own", "push", 0.6, index, 5) for index in range(40)]
    fell = [bench.TRIALS["push"](Trial(), None, job)["fell"] for job in jobs]
    assert fell[:3] == [False, True, False]
    every = np.array([push for pushes in pushed for push in pushes.values()])
    np.testing.assert_allclose(np.hypot(*every.T), 0.6)
    assert len(every) == 160 and np.abs(every.mean(0)).max() < 0.15
    steps = np.array([list(pushes) for pushes in pushed]) * PHYSICS_DT
    assert (steps >= [2.4, 3.8, 5.2, 6.6]).all() and (steps < np.array([2.4, 3.8, 5.2, 6.6]) + 0.6).all()


def test_two_metres_are_timed_at_the_step_that_reaches_them():
    class Trial:
        speed = 1.0

        def run(self, walker, command_at, seconds, phase):
            assert command_at(0.3).tolist() == [1.5, 0, 0], "as fast as it can"
            trace = trace_of(np.zeros((3000, 3)))
            trace.position[:, 0] = 7.0 + self.speed * np.arange(3000) * PHYSICS_DT
            return trace

    job = bench.Job("own", "sprint", 1.0, 0, 0)
    assert bench.TRIALS["sprint"](Trial(), None, job)["seconds"] == pytest.approx(2.0, abs=2 * PHYSICS_DT)
    Trial.speed = 0.2
    assert bench.TRIALS["sprint"](Trial(), None, job)["seconds"] == np.inf


def test_drift_by_hand():
    """From 5 s on it creeps 3 cm ahead and 4 cm aside in 5 s, and turns right at 0.02 rad/s."""

    class Trial:
        fell = False

        def follow(self, walker, sequence, seconds, phase):
            assert [start for start, _ in sequence] == [0.0, 3.0] and not sequence[1][1].any()
            trace = trace_of(np.zeros((5000, 3)), self.fell)
            trace.position[2500:] = np.outer(np.linspace(0, 1, 2500), (0.03, 0.04))
            trace.velocity[2500:, 2] = -0.02
            return trace

    job = bench.Job("own", "stop", 0.0, 0, 0)
    found = bench.TRIALS["stop"](Trial(), None, job)
    assert found == {"fell": False, "speed": pytest.approx(0.01), "turn": pytest.approx(0.02)}
    Trial.fell = True
    assert bench.TRIALS["stop"](Trial(), None, job)["fell"] is True


def test_the_table_by_hand():
    config = bench.WalkerBenchConfig(sequences=2)
    jobs = bench.jobs_of("own", config)
    kinds = [(job.kind, job.level) for job in jobs]
    assert kinds.count(("sequence", 0.0)) == 2 and kinds.count(("push", 0.9)) == 4
    results = [
        {
            "fell": job.index == 0,
            "n": 1 + 3 * job.index,
            "planar": 4.0 * job.index,
            "turn": 9.0 * job.index,
            "step_us": 1.0,
            "seconds": 2.0 + job.index,
            "cost": job.level,
            "speed": 0.5,
        }
        for job in jobs
    ]
    rows = bench.table_of(jobs, results)
    assert rows["upright_share"].value == 0.5 and rows["push_0.3_upright_share"].value == 0.75
    # Sums of squares 0 and 4 of 1 and 4 samples: the root of 4 / 5, in no way the mean of 0 and 1.
    assert rows["planar_error_m_s"].value == pytest.approx(np.sqrt(0.8))
    assert rows["yaw_rate_error_rad_s"].value == pytest.approx(np.sqrt(9 / 5))
    assert rows["two_metres_s"].value == 3.5 and rows["two_metres_worst_s"].value == 5.0
    assert [rows[f"cost_of_transport_{pace}"].value for pace in bench.PACES] == list(bench.PACES)
    assert rows["stand_drift_m_s"].value == 0.5 and rows["stop_drift_rad_s"].value == 13.5


def test_the_tour_holds_each_command_for_as_long_as_its_caption(monkeypatch):
    """With 0.1 s a step: 20 steps ahead, 22 on a left turn, 100 in all."""
    monkeypatch.setattr(walking, "trace_episode", lambda env, actions, seed: actions)

    class Env:
        def get_wrapper_attr(self, name):
            return {"hold": 50}[name]

    actions = np.array(walking.tour(Env()))
    assert len(actions) == 100
    commands = actions * COMMAND_SCALE
    np.testing.assert_allclose(commands[:20], np.tile([0.6, 0, 0], (20, 1)), atol=1e-6)
    np.testing.assert_allclose(commands[20:42], np.tile([0.4, 0, 0.8], (22, 1)), atol=1e-6)
    assert not commands[82:].any()
    captions = list(islice(walking._captions(25), 260))
    assert captions.index("turn left on the way") == 50 and captions[-1] == "stop"


def test_the_picture_draws_commands_mean_velocities_and_soles():
    walk = walking.Walk(
        time=np.array([0.5, 1.5, 2.5]),
        velocity=np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]),
        path=np.array([[0.0, 0.0], [1.0, 0.5]]),
        prints=np.array([[0, 0.2, 0.1, 0.0], [1, 0.6, -0.1, np.pi / 2]]),
    )
    sequence = [(0.0, np.array([0.3, 0.0, -0.2])), (2.0, np.array([0.0, 0.4, 0.0]))]
    left, right = walking.plot_walking({"own": walk}, sequence, 4.0).subfigs
    for index, axes in enumerate(left.axes):
        (line,) = axes.lines
        np.testing.assert_array_equal(
            line.get_xydata(), np.stack([walk.time, walk.velocity[:, index]], axis=1)
        )
        (command,) = axes.patches
        assert command.get_data().edges.tolist() == [0.0, 2.0, 4.0]
        assert command.get_data().values.tolist() == [value[index] for _, value in sequence]
    (axes,) = right.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), walk.path)
    for sole, (foot, x, y, yaw) in zip(axes.patches, walk.prints, strict=True):
        corners = sole.get_patch_transform().transform([[0, 0], [1, 0], [1, 1], [0, 1]])
        np.testing.assert_allclose(corners.mean(0), (x, y), atol=1e-9)
        toe = corners[1:3].mean(0) - corners[[0, 3]].mean(0)  # along the length of the sole
        np.testing.assert_allclose(toe, 0.223 * np.array([np.cos(yaw), np.sin(yaw)]), atol=1e-9)
        assert sole.get_alpha() == (0.9, 0.4)[int(foot)]


def test_the_picture_takes_a_reference_and_a_walker_that_fell(tmp_path):
    walk = walking.Walk(np.arange(3.0), np.zeros((3, 3)), np.zeros((5, 2)), np.zeros((2, 4)))
    fallen = walking.Walk(np.zeros(0), np.zeros((0, 3)), np.zeros((1, 2)), np.zeros((0, 4)))
    sequence = [(0.0, np.ones(3)), (2.0, np.zeros(3))]
    picture = walking.plot_walking({"own": walk, "other": fallen}, sequence, 4.0)
    titles = [axes.get_title(loc="left") for part in picture.subfigs for axes in part.axes]
    assert titles[-2:] == ["footprints: own", "footprints: other"]
    save_figure(picture, tmp_path / "walk.png")


@pytest.mark.golden
def test_the_committed_walker_follows_commands_on_the_stock_scene():
    job = {"walker": "own", "kind": "sequence", "level": 0.0, "seed": 150}
    player = bench.TrialPlayer()
    results = [player(bench.Job(index=i, **job)) for i in range(3)]
    assert not any(result["fell"] for result in results)
    n = sum(result["n"] for result in results)
    assert np.sqrt(sum(result["planar"] for result in results) / n) < 0.2
    assert np.sqrt(sum(result["turn"] for result in results) / n) < 0.3
    sprint = player(bench.Job("own", "sprint", 1.0, 0, 150))
    assert sprint["seconds"] < 3.5
