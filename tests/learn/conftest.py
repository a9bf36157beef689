"""A dataset of the small expert."""

from __future__ import annotations

import pytest
from small_expert import demonstrations

from soccer_lib.demos.dataset import write_dataset


@pytest.fixture
def dataset(tmp_path):
    """Path of a dataset, about one kick in 10 samples."""
    return str(write_dataset(tmp_path / "demos.npz", demonstrations(), {}))
