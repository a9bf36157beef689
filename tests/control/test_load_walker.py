"""Walkers from files: ours, foreign ones, and files that are not one."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.control import foreign, load_walker
from soccer_lib.control import weights as weights_module
from soccer_lib.control.gait import GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.errors import InputError
from soccer_lib.layout import Sensed
from soccer_lib.runs.files import sha256_of

SHARED = Path(os.environ.get("SOCCER_SHARED", Path(__file__).resolve().parents[3] / "shared"))
REFERENCE = SHARED / "data/booster_gym_t1/walking_policy.npz"


def observation(rng):
    return Sensed(
        joint_pos=rng.normal(0, 0.1, 12).astype(np.float32),
        joint_vel=rng.normal(0, 0.5, 12).astype(np.float32),
        quat_xyzw=np.array([0.01, 0.02, 0.3, 0.95], dtype=np.float32),
        gyro=rng.normal(0, 0.1, 3).astype(np.float32),
        velocimeter=rng.normal(0, 0.2, 3).astype(np.float32),
    )


def own_arrays(rng, hidden=8):
    return {
        "gait": GaitParameters().vector(),
        "layer0_weight": rng.normal(0, 0.1, (hidden, FEATURE_COUNT)).astype(np.float32),
        "layer0_bias": np.zeros(hidden, np.float32),
        "layer1_weight": rng.normal(0, 0.1, (12, hidden)).astype(np.float32),
        "layer1_bias": np.zeros(12, np.float32),
    }


def foreign_arrays(rng, inputs=47, outputs=12):
    return {
        "layer0_weight": rng.normal(0, 0.1, (16, inputs)).astype(np.float32),
        "layer0_bias": rng.normal(0, 0.1, 16).astype(np.float32),
        "layer1_weight": rng.normal(0, 0.1, (outputs, 16)).astype(np.float32),
        "layer1_bias": rng.normal(0, 0.1, outputs).astype(np.float32),
    }


@pytest.fixture
def own_file(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, **own_arrays(np.random.default_rng(0)))
    return path


@pytest.fixture
def foreign_file(tmp_path):
    path = tmp_path / "theirs.npz"
    np.savez(path, **foreign_arrays(np.random.default_rng(0)))
    return path


@pytest.mark.parametrize("kind", ["own_file", "foreign_file"])
def test_interface_and_bit_identical_continuation(kind, request):
    path = request.getfixturevalue(kind)
    rng = np.random.default_rng(1)
    first, second = load_walker(path), load_walker(str(path))
    assert (
        first.limits.shape == (3, 2) and len(first.sha256) == 64 and first.kp.shape == first.kd.shape == (12,)
    )
    assert first.cycle > 0
    steps = [(rng.uniform(-0.5, 0.5, 3), observation(rng)) for _ in range(80)]
    first.reset(phase=0.35)
    assert first.phase == pytest.approx(0.35)
    for command, seen in steps[:40]:
        target = first.step(command, seen)
    assert target.shape == (12,) and target.dtype == np.float32 and np.isfinite(target).all()
    state = first.get_state()
    assert all(isinstance(value, (float, np.ndarray)) for value in state.values())
    second.set_state(state)
    for command, seen in steps[40:]:
        np.testing.assert_array_equal(first.step(command, seen), second.step(command, seen))
        assert first.phase == second.phase


def test_reset_forgets_everything(own_file):
    rng = np.random.default_rng(2)
    walker = load_walker(own_file)
    steps = [observation(rng) for _ in range(30)]

    def play():
        walker.reset(phase=0.2)
        return [walker.step(np.array([0.5, 0.1, 0.2]), seen) for seen in steps]

    np.testing.assert_array_equal(play(), play())


@pytest.mark.parametrize("kind", ["own_file", "foreign_file"])
@pytest.mark.parametrize("command", [[0.1, 0.2], [np.nan, 0, 0], [np.inf, 0, 0], 0.3])
def test_bad_command_is_one_clear_line(kind, command, request):
    walker = load_walker(request.getfixturevalue(kind))
    with pytest.raises(InputError, match="velocity command"):
        walker.step(command, observation(np.random.default_rng(0)))


def test_truncated_changed_and_missing_files(own_file, tmp_path):
    cut = tmp_path / "cut.npz"
    cut.write_bytes(own_file.read_bytes()[:400])
    with pytest.raises(InputError, match="cannot read"):
        load_walker(cut)
    data = bytearray(own_file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    changed = tmp_path / "changed.npz"
    changed.write_bytes(bytes(data))
    with pytest.raises(InputError):
        load_walker(changed)
    with pytest.raises(InputError, match="not found"):
        load_walker(tmp_path / "none.npz")
    with pytest.raises(InputError, match="not found"):
        load_walker(tmp_path / "none.pt")


def test_the_record_beside_a_walker_guards_it(own_file):
    own_file.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(InputError, match="was changed"):
        load_walker(own_file)
    own_file.with_suffix(".json").write_text("{}")
    with pytest.raises(InputError, match="no sha256"):
        load_walker(own_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer0_weight", np.zeros((8, 5), np.float32)),
        ("layer1_weight", np.zeros((11, 8), np.float32)),
        ("layer1_bias", np.full(12, np.nan, np.float32)),
        ("layer1_bias", np.full(12, 1e6, np.float32)),
        ("layer1_bias", np.full(12, "0.1")),
        ("layer1_bias", np.full(12, 1j)),
        ("gait", np.zeros(3)),
        ("gait", np.full(27, 1e9)),
        ("gait", np.full(27, np.nan)),
        ("gait", np.full(27, "fast")),
        ("gait", np.zeros(27)),  # a gait of 0 Hz
    ],
)
def test_own_file_of_another_shape(tmp_path, name, value):
    path = tmp_path / "odd.npz"
    np.savez(path, **{**own_arrays(np.random.default_rng(0)), name: value})
    with pytest.raises(InputError, match="expected"):
        load_walker(path)


@pytest.mark.parametrize(("inputs", "outputs"), [(46, 12), (47, 11)])
def test_foreign_file_of_another_shape(tmp_path, inputs, outputs):
    path = tmp_path / "odd.npz"
    np.savez(path, **foreign_arrays(np.random.default_rng(0), inputs, outputs))
    with pytest.raises(InputError, match="expected"):
        load_walker(path)
    np.savez(path, something=np.zeros(3))
    with pytest.raises(InputError, match="layer0_weight"):
        load_walker(path)


def test_a_walker_that_lacks_its_first_layer_is_no_gait_alone(tmp_path):
    arrays = own_arrays(np.random.default_rng(0))
    del arrays["layer0_weight"]
    np.savez(tmp_path / "odd.npz", **arrays)
    with pytest.raises(InputError, match="expected layer0_weight, layer0_bias"):
        load_walker(tmp_path / "odd.npz")
    np.savez(tmp_path / "gait.npz", gait=arrays["gait"])
    assert load_walker(tmp_path / "gait.npz").network is None


def test_a_checkpoint_of_booster_gym_walks_as_its_layers(tmp_path):
    import torch

    rng = np.random.default_rng(3)
    arrays = foreign_arrays(rng)
    np.savez(tmp_path / "a.npz", **arrays)
    state = {f"actor.{2 * int(name[5])}.{name[7:]}": torch.tensor(value) for name, value in arrays.items()}
    state |= {
        "critic.0.weight": torch.ones(1, 61),
        "critic.0.bias": torch.ones(1),
        "logstd": torch.ones(1, 12),
    }
    torch.save({"model": state, "optimizer": {"state": {}}, "curriculum": torch.ones(3)}, tmp_path / "a.pth")
    a, b = load_walker(tmp_path / "a.npz"), load_walker(tmp_path / "a.pth")
    seen = observation(rng)
    np.testing.assert_array_equal(a.step([0.3, 0, 0], seen), b.step([0.3, 0, 0], seen))
    torch.save({"policy": state}, tmp_path / "b.pth")
    with pytest.raises(InputError, match="no checkpoint of booster_gym"):
        load_walker(tmp_path / "b.pth")


def test_committed_walker_is_whole():
    walker = load_walker("own")
    record = json.loads(weights_module.OWN_FILE.with_suffix(".json").read_text())
    assert walker.name == "own" and walker.sha256 == record["sha256"]
    assert walker.network is not None


def test_committed_walker_refuses_tampering(tmp_path, monkeypatch):
    copy = tmp_path / "walker.npz"
    copy.write_bytes(weights_module.OWN_FILE.read_bytes() + b"x")
    copy.with_suffix(".json").write_bytes(weights_module.OWN_FILE.with_suffix(".json").read_bytes())
    monkeypatch.setattr(weights_module, "OWN_FILE", copy)
    with pytest.raises(InputError, match="was changed"):
        load_walker("own")
    copy.with_suffix(".json").unlink()
    with pytest.raises(InputError, match="sha256"):
        load_walker("own")


def torchscript_of(arrays, path):
    import torch

    layers = []
    count = sum(name.endswith("_weight") for name in arrays)
    for i in range(count):
        weight, bias = arrays[f"layer{i}_weight"], arrays[f"layer{i}_bias"]
        layer = torch.nn.Linear(*weight.shape[::-1])
        layer.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        layers += [layer] + ([torch.nn.ELU()] if i < count - 1 else [])
    torch.jit.script(torch.nn.Sequential(*layers)).save(str(path))


def test_torchscript_and_npz_agree(tmp_path):
    rng = np.random.default_rng(3)
    arrays = foreign_arrays(rng)
    np.savez(tmp_path / "a.npz", **arrays)
    torchscript_of(arrays, tmp_path / "a.pt")
    a, b = load_walker(tmp_path / "a.npz"), load_walker(tmp_path / "a.pt")
    for _ in range(10):
        seen = observation(rng)
        np.testing.assert_allclose(a.step([0.3, 0, 0], seen), b.step([0.3, 0, 0], seen), atol=1e-5)


def test_torchscript_of_another_shape_or_none(tmp_path):
    torchscript_of(foreign_arrays(np.random.default_rng(0), inputs=46), tmp_path / "in.pt")
    torchscript_of(foreign_arrays(np.random.default_rng(0), outputs=11), tmp_path / "out.pt")
    (tmp_path / "text.pt").write_text("not a network")
    for name, word in (
        ("in.pt", "does not take"),
        ("out.pt", "outputs of shape"),
        ("text.pt", "cannot read .*text.pt"),
    ):
        with pytest.raises(InputError, match=word) as caught:
            load_walker(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_hub_offline_names_the_remedies(monkeypatch):
    import huggingface_hub

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", offline)
    with pytest.raises(InputError) as caught:
        load_walker("hub")
    message = str(caught.value)
    assert (
        'walker="own"' in message
        and "walker=PATH" in message
        and "network" in message
        and "\n" not in message
    )


def test_hub_refuses_another_file(monkeypatch, tmp_path):
    import huggingface_hub

    torchscript_of(foreign_arrays(np.random.default_rng(0)), tmp_path / "a.pt")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *args, **kwargs: str(tmp_path / "a.pt"))
    with pytest.raises(InputError, match="sha256"):
        load_walker("hub")
    monkeypatch.setattr(foreign, "HUB_SHA256", sha256_of(tmp_path / "a.pt"))
    assert load_walker("hub").name == "hub"


@pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no {REFERENCE}; set SOCCER_SHARED to the shared folder")
def test_reference_policy_stands_from_its_npz():
    walker = load_walker(REFERENCE)
    upright = np.array([0, 0, 0, 1], dtype=np.float32)
    zero = np.zeros(12, dtype=np.float32)
    for _ in range(5):
        target = walker.step(np.zeros(3), Sensed(zero, zero, upright, zero[:3], zero[:3]))
    assert walker.phase == 0.0 and np.abs(target).max() < 1.5
    walker.step(np.array([0.5, 0, 0]), Sensed(zero, zero, upright, zero[:3], zero[:3]))
    assert walker.phase == pytest.approx(0.03)


@pytest.mark.parametrize("value", [5, None, ["own"], np.zeros(3)])
def test_what_is_no_name_is_refused(value):
    with pytest.raises(InputError, match="walker got .*; expected a name or a path"):
        load_walker(value)
