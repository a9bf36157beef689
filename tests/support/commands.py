"""Commands of the project as processes, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from soccer_lib.runs.folder import CHECKOUT


def start(words: list[str], folder: Path, **more: Any) -> subprocess.Popen[str]:
    """Begin a command in a folder; `more` is passed to `subprocess.Popen`."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "soccer_lib", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
