"""Motion clips as macros: their time, their stages, what ends them early, and files that cannot be played."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.control import load_walker
from soccer_lib.control.macro import (
    BLEND_TICKS,
    CLIPS,
    PATIENCE,
    RECOVERY_TICKS,
    STILL_TICKS,
    ClipMacro,
    load_clip,
)
from soccer_lib.errors import InputError
from soccer_lib.formats.clip import read_clip
from soccer_lib.layout import DEFAULT_POSE, JOINTS, Sensed

FRAMES = 50
SPEED = np.linspace(-0.3, 0.3, 12)
STILL = (DEFAULT_POSE.copy(), np.zeros(12, np.float32))


def no_ball() -> tuple[float, float]:
    pytest.fail("a clip looked for the ball")


def leaning(pitch: float, gyro: float = 0.0) -> tuple[np.ndarray, ...]:
    """Orientation, angular velocity and velocity of a trunk that leans ahead [rad, rad/s]."""
    return np.array([0, np.sin(pitch / 2), 0, np.cos(pitch / 2)]), np.array([0, gyro, 0]), np.zeros(3)


def arrays(lean: float = 0.0, frames: int = FRAMES, rate: float = 100.0) -> dict[str, np.ndarray]:
    """Every joint leaves the default pose at its constant speed."""
    time, one = np.arange(frames)[:, None] / rate, np.ones((frames, 1))
    root = (0, 0, 0.6, np.cos(lean / 2), 0, np.sin(lean / 2), 0)
    return {
        "qpos": np.hstack((one * root, DEFAULT_POSE + time * SPEED)),
        "qvel": np.hstack((one * np.zeros(6), one * SPEED)),
        "frequency": np.array(rate),
        "joint_names": np.array(["root", *JOINTS]),
    }


@pytest.fixture
def saved(tmp_path):
    """Write arrays as a clip's file."""

    def save(**content) -> str:
        np.savez(tmp_path / "bend.npz", **content)
        return str(tmp_path / "bend.npz")

    return save


@pytest.fixture
def macro(saved):
    walker = load_walker("own")
    walker.resume(0.0)
    walker.gait.standing = True
    made = ClipMacro(walker, load_clip(saved(**arrays())))
    made.start("shot", (0.5, 0.0), 0.0)
    return made


def step(macro: ClipMacro, pitch: float = 0.0, gyro: float = 0.0) -> np.ndarray:
    return macro.step(no_ball, 0.0, Sensed(*STILL, *leaning(pitch, gyro)))


def until(macro: ClipMacro, stage: str) -> None:
    while macro.stage != stage:
        step(macro)


@pytest.mark.parametrize("rate", [50.0, 100.0, 500.0])
def test_a_clip_lasts_as_long_as_it_is(saved, rate):
    clip = read_clip(saved(**arrays(frames=int(rate / 2), rate=rate)))
    macro = ClipMacro(load_walker("own"), clip)
    assert macro.targets.shape == (25, 12)
    # The third target is where the joints are after 3 x 20 ms, and ahead of it by damping over stiffness.
    lead = np.tile([5 / 200] * 4 + [1 / 50] * 2, 2)
    assert np.allclose(macro.targets[2], DEFAULT_POSE + SPEED * (0.06 + lead))


def test_the_stages_follow_each_other(macro):
    stages = []
    while macro.active:
        stages.append(macro.stage)
        target = step(macro)
        assert target.dtype == np.float32 and target.shape == (12,)
    counts = [stages.count(stage) for stage in ("settle", "blend", "play", "recover")]
    assert counts == [STILL_TICKS, BLEND_TICKS, 25, RECOVERY_TICKS] and macro.waited == len(stages)
    assert not macro.aborted and macro.name == "bend"
    assert macro.walker.gait.time > 10  # walks on without landing again


def test_the_gait_fades_into_the_clip_and_back(macro):
    until(macro, "blend")
    targets = [step(macro) for _ in range(BLEND_TICKS)]
    assert np.allclose(targets[-1], macro.targets[0], atol=1e-6)
    until(macro, "play")
    targets += [step(macro) for _ in range(25)]
    assert np.allclose(targets[BLEND_TICKS:], macro.targets, atol=1e-6)
    targets += [step(macro) for _ in range(BLEND_TICKS)]
    jumps = np.abs(np.diff(targets, axis=0)).max(axis=1)
    assert jumps.max() < 0.15  # a step of the gait itself is up to 0.1


def test_hips_and_ankles_answer_a_lean_that_is_not_the_clips(macro):
    until(macro, "play")
    p, change = macro.walker.gait.p, step(macro, 0.1, 0.5) - macro.targets[0]
    leg = [p.hip_pitch * 0.1 + p.hip_pitch_rate * 0.5, 0, 0, 0]
    leg += [p.ankle_pitch * 0.1 + p.ankle_pitch_rate * 0.5, 0]
    assert np.allclose(change, leg + leg, atol=1e-6)


def test_a_clip_is_given_up_when_the_trunk_tilts(macro):
    until(macro, "play")
    step(macro, 0.34)
    assert macro.stage == "play"
    step(macro, 0.36)
    assert macro.aborted and not macro.active and not macro.committed


def test_the_clips_own_lean_is_no_tilt(saved):
    macro = ClipMacro(load_walker("own"), load_clip(saved(**arrays(lean=0.6))))
    macro.start("shot", (0.5, 0.0), 0.0)
    macro._enter("play")
    step(macro, 0.6)
    assert macro.stage == "play"
    step(macro, 0.0)
    assert macro.aborted


def test_a_robot_that_does_not_come_to_rest_plays_nothing(macro):
    pushed = leaning(0.0)[:2] + (np.array([1.0, 0, 0]),)
    for _ in range(PATIENCE):
        macro.step(no_ball, 0.0, Sensed(*STILL, *pushed))
        assert macro.stage == "settle"
    macro.step(no_ball, 0.0, Sensed(*STILL, *pushed))
    assert macro.aborted and not macro.active


@pytest.mark.parametrize("stage", ["settle", "blend", "play", "recover"])
def test_a_state_continues_bit_for_bit(macro, stage):
    until(macro, stage)
    step(macro)
    other = ClipMacro(load_walker("own"), macro.clip)
    other.set_state(macro.get_state())
    other.walker.set_state(macro.walker.get_state())
    for _ in range(70):
        if not macro.active:
            break
        assert step(macro, 0.05).tobytes() == step(other, 0.05).tobytes()
    assert other.get_state() == macro.get_state()


def test_a_state_of_another_clip_is_refused(macro):
    other = ClipMacro(macro.walker, dataclasses.replace(macro.clip, name="bow"))
    with pytest.raises(InputError, match="state has macro 'clip bend'; expected 'clip bow'"):
        other.set_state(macro.get_state())


def test_the_ball_has_to_be_near_and_ahead():
    assert ClipMacro.allowed((0.9, 0.2)) and ClipMacro.allowed((0.3, -0.5))
    assert not ClipMacro.allowed((1.0, 0.2)) and not ClipMacro.allowed((-0.3, 0.5))


@pytest.mark.parametrize("folder", [CLIPS, CLIPS / "booster_t1"])
def test_the_projects_own_clips_can_be_played(folder):
    names = {path.stem for path in folder.glob("*.npz")}
    assert names == {"walk", "turn", "strong_shot", "placed_kick"}
    for name in names:
        assert len(ClipMacro(load_walker("own"), load_clip(folder / f"{name}.npz")).targets) > 40
    assert load_clip("turn").name == "turn"


def test_the_public_clips_can_be_played(shared):
    clip = load_clip(shared / "data" / "booster_lower_t1" / "goal_kick.npz")
    assert len(ClipMacro(load_walker("own"), clip).targets) == 220


def swapped():
    content = arrays()
    content["joint_names"][[1, 4]] = content["joint_names"][[4, 1]]
    return content


def without(name: str):
    return {key: value for key, value in arrays().items() if key != name}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (without("qpos"), "no array 'qpos'"),
        (without("qvel"), "no array 'qvel'"),
        (swapped(), "legs in the order left_knee_pitch, left_hip_roll, .*; expected left_hip_pitch"),
        ({**arrays(), "joint_names": np.array(["root", *JOINTS[1:], "waist"])}, "without left_hip_pitch"),
    ],
)
def test_files_that_cannot_be_played(saved, content, words):
    with pytest.raises(InputError, match=words) as refusal:
        load_clip(saved(**content))
    assert "\n" not in str(refusal.value)


def test_names_and_paths_that_are_none(tmp_path):
    with pytest.raises(InputError, match="unknown macro 'bicycle_kick'; expected one of: placed_kick, .*npz"):
        load_clip("bicycle_kick")
    with pytest.raises(InputError, match="cannot read .*none.npz"):
        load_clip(tmp_path / "none.npz")


def test_a_clip_of_two_parts_and_a_foreign_walker_are_refused(macro):
    with pytest.raises(InputError, match="has 2 parts"):
        ClipMacro(macro.walker, dataclasses.replace(macro.clip, starts=(0, 10)))

    class Foreign:
        name = "hub"

    with pytest.raises(InputError, match="macro 'bend' got walker='hub'"):
        ClipMacro(Foreign(), macro.clip)
