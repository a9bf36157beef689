"""Offline learning: a critic judges every sample of recorded episodes, then a clone learns from that.

The critic comes from d3rlpy (IQL, Kostrikov et al. 2022; TD3+BC, Fujimoto and Gu 2021; CQL, Kumar et al.
2020) and learns in a process and an environment of its own. What acts is the clone: with units for the kicks,
the robot's mirror image and the mean of its weights, as `bc` makes it.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.demos.dataset import Dataset, join
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError, ResourceError, SimulationError, one_line
from soccer_lib.learn.imitation.bc import POLICY_FILE, bc, check_learning
from soccer_lib.learn.imitation.config import BCConfig, CloningConfig, check_widths
from soccer_lib.learn.imitation.hidden import hidden_entries
from soccer_lib.learn.offline.config import OfflineConfig
from soccer_lib.learn.offline.judgement import judged, transitions
from soccer_lib.policies import LearnedPolicy, write_policy
from soccer_lib.policies.learned import read_policy
from soccer_lib.runs import Heartbeat, RunFolder, atomic_write_npz
from soccer_lib.runs.files import sha256_of_arrays, to_plain

JUDGEMENT = "judgement.safetensors"


def offline(config: OfflineConfig) -> LearnedPolicy:
    """Learn from datasets into the run folder `config.out`; a finished run is handed back as it is.

    A run that was stopped goes on with its clone where it was, and with its critic from the beginning.

    Raises:
        InputError: bad settings, datasets without rewards, no d3rlpy, or a folder of other settings.
        SimulationError: the critic failed.
    """
    config = config.resolved()
    data = _read_all(config)
    cloning = _cloning(config)
    check_learning(cloning, *data.split(1 - config.validation_share, config.seed))
    if config.algo != "bc":
        check_python(config.python)
    settings = {**to_plain(config), "dataset_sha256": sha256_of_arrays(data.arrays())}
    folder = RunFolder.open(config.out, settings, "offline", ignore=("out", "device", "python"))
    file = folder.path / POLICY_FILE
    if folder.is_done() and file.is_file():
        print(f"{file} is finished; choose another --out to learn again")
        return read_policy(file)
    folder.set_status("running")
    if config.algo != "bc":
        judgement = _judgement(config, folder, data)
        data = judged(data, judgement, config)
    demos = Path(cloning.dataset[0])
    if not demos.is_file():
        write_dataset(demos, data, {"command": "offline", "settings": config})
    policy = bc(cloning)
    policy.record = {**policy.record, "algo": config.algo, "datasets": config.dataset}
    write_policy(file, policy)
    folder.set_status("done", **policy.record["best"])
    print(f"{file}: learned by {config.algo} from {len(data.source)} episodes")
    return policy


def _read_all(config: OfflineConfig) -> Dataset:
    """The datasets as one.

    Raises:
        InputError: a file that is no dataset, or has no rewards where a critic wants them; the file is named.
    """
    datasets = [read_dataset(path) for path in config.dataset]
    for path, data in zip(config.dataset, datasets, strict=True):
        if config.algo != "bc" and data.rewards is None:
            raise InputError(
                f"--dataset {path} has no rewards; expected some for the critic to judge by; make one with: "
                "dataset --from POLICY, or take --algo bc"
            )
    return join(datasets)


def _cloning(config: OfflineConfig) -> BCConfig:
    """How the clone learns."""
    names = [field.name for field in dataclasses.fields(CloningConfig)]
    shared: dict[str, Any] = {name: getattr(config, name) for name in names}
    out = Path(config.out)
    return BCConfig(**shared | {"dataset": (str(out / "judged.npz"),), "out": str(out / "clone")})


def check_python(python: str) -> None:
    """Refuse a Python without d3rlpy.

    Raises:
        InputError: it does not start, or lacks it.
    """
    look = [python, "-c", "import importlib.metadata as m; print(m.version('d3rlpy'))"]
    try:
        found = subprocess.run(look, capture_output=True, text=True)
        words = found.stdout.strip() or one_line(found.stderr.strip().rpartition("\n")[2], 120)
    except OSError as error:
        words = error.strerror or "does not start"
    if not words[:1].isdigit():
        raise InputError(f"--python {python}: {words}; expected a Python that has d3rlpy; try: make offline")


def _judgement(config: OfflineConfig, folder: RunFolder, data: Dataset) -> dict[str, np.ndarray]:
    """What the critic says of each sample; it is asked once for a run."""
    from safetensors.numpy import load_file

    answer = folder.path / JUDGEMENT
    if answer.is_file():
        return load_file(answer)
    question = folder.path / "transitions.npz"
    names = ("algo", "steps", "gamma", "expectile", "temperature", "alpha", "seed")
    settings: dict[str, Any] = {name: getattr(config, name) for name in names}
    settings["widths"] = check_widths("critic_arch", config.critic_arch)
    settings |= {"batch_size": config.critic_batch, "device": _device(config.device)}
    assert config.gamma is not None  # it is resolved
    arrays = transitions(data, hidden_entries(config.hide, data), config.n_step, config.gamma)
    atomic_write_npz(question, arrays | {"settings": np.array(json.dumps(settings))}, compress=False)
    written = answer.with_suffix(".tmp")
    _run_critic(config, folder, [config.python, str(_SCRIPT), str(question), str(written)])
    judgement = load_file(written)
    if not all(np.isfinite(array).all() for array in judgement.values()):
        raise InputError(
            f"the critic of {config.algo} ended in numbers that are not finite; expected finite ones; try "
            "--gamma 0.97, or fewer --steps"
        )
    written.replace(answer)
    question.unlink()
    return judgement


_SCRIPT = Path(__file__).with_name("critic.py")


def _run_critic(config: OfflineConfig, folder: RunFolder, command: list[str]) -> None:
    """Let the critic learn, and follow its progress."""
    folder.cut_metrics(0)
    heartbeat = Heartbeat(folder.path / "progress.txt", config.steps, "steps", f"{config.algo} critic")
    log = folder.path / "critic.log"
    with open(log, "w", encoding="utf-8") as stream:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True)
        try:
            assert child.stdout is not None
            for line in filter(lambda line: line.startswith("{"), child.stdout):
                figures = json.loads(line)
                folder.append_metrics({f"critic/{name}": value for name, value in figures.items()})
                heartbeat.update(figures["step"])
            code = child.wait()
        finally:
            child.kill()
            child.wait()
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        if code in (-9, 137):
            raise ResourceError(
                f"the critic was killed (code {code}); expected memory for it; try fewer episodes"
            )
        raise SimulationError(f"the critic failed: {one_line(last, 200)}; expected it to end; see {log}")


def _device(name: str) -> str:
    """A device as d3rlpy names it."""
    import torch

    cuda = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return "cuda:0" if cuda else "cpu:0"
