"""The library imports as little as it says: nothing heavy before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from house import ROOT
from rules.source import Source
from rules.structure import FLOORS, check_arrows, check_drawing

LIBRARY = Path(ROOT) / "soccer_lib"
TRAINING = next(floor for floor, rooms in enumerate(FLOORS) if "learn" in rooms)
BELOW_TRAINING = [room for rooms in FLOORS[:TRAINING] for room in rooms if room != "demos"]


def test_torch_is_never_imported_at_the_top_below_the_training_floor():
    wrong = []
    for path in sorted(LIBRARY.rglob("*.py")):
        room = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if room not in BELOW_TRAINING:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [str(path.relative_to(LIBRARY)) for name in names if name.split(".")[0] == "torch"]
    assert not wrong, f"{wrong} import torch when they are imported"


def test_imports_only_go_down_and_only_view_and_the_annexes_draw():
    sources = [Source.read(ROOT, path) for path in sorted(LIBRARY.rglob("*.py"))]
    wrong = [
        f"{source.name}: {text}"
        for source in sources
        for text in (*check_arrows(source), *check_drawing(source))
    ]
    assert not wrong, "\n".join(wrong)


def test_scores_need_no_training_no_drawing_and_no_annex():
    """Importing the evaluation loads what plays and scores, nothing else."""
    code = "import sys, soccer_lib.evaluation; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    heavy = ("torch", "matplotlib", "stable_baselines3", "IPython")
    upper = [f"soccer_lib.{room}" for room in ("view", "learn", "workshop", "course", "cli")]
    assert not loaded & {*heavy, *upper}


def test_the_list_of_commands_imports_nothing_heavy():
    code = "import sys; from soccer_lib.cli.main import main; main(['--help']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"numpy", "torch", "mujoco", "gymnasium", "tyro", "matplotlib"}
