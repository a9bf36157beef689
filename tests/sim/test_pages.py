"""Models of a task share memory, and nothing else."""

import mmap
import os
import subprocess
import sys

import mujoco
import numpy as np
import pytest

from soccer_lib.sim import make_sim
from soccer_lib.sim.pages import SHORTEST, Pages

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux shares pages")


def own_pages(content):
    """Whole pages that nothing else lies on."""
    pages = np.frombuffer(mmap.mmap(-1, content.nbytes), np.uint8).reshape(content.shape)
    pages[:] = content
    return pages


def test_equal_pages_are_shared_and_each_keeps_what_it_writes():
    content = np.random.default_rng(0).integers(0, 256, (4 * SHORTEST, mmap.PAGESIZE), np.uint8)
    first = own_pages(content)
    pages = Pages(first)
    other = content.copy()
    other[2 * SHORTEST, 7] ^= 1  # splits it into two runs
    models = [first, own_pages(content), own_pages(other)]
    for model in models[1:]:
        pages.replace(model)
    for model, expected in zip(models, (content, content, other), strict=True):
        assert (model == expected).all()
    models[0][3, 5] = 77 ^ content[3, 5]
    assert models[0][3, 5] == 77 ^ content[3, 5]
    assert (models[1] == content).all() and (models[2] == other).all()


GROWTH = """
import numpy as np
from soccer_lib.sim import make_sim
from soccer_lib.workshop.bench.scaling import memory
kept = [make_sim("obstacle_penalty_kick") for _ in range(2)]
before = memory()
for seed in range(3):
    sim = make_sim("obstacle_penalty_kick")
    sim.reset(seed=seed)
    sim.advance(np.zeros(12))
    kept.append(sim)
print(memory() - before)
"""


LIMITED = """
import resource
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from soccer_lib.sim import make_sim
sim = make_sim("penalty_kick")
sim.reset(seed=0)
print(sim.stock.shared_pages, sim.advance(np.zeros(12)))
"""


def test_a_limit_to_the_size_of_files_keeps_no_environment_from_being_made():
    # In a process of its own: here another test may have made the task's pages already.
    told = subprocess.run([sys.executable, "-B", "-c", LIMITED], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["None", "False"]


def test_another_environment_of_a_task_takes_a_few_mib():
    # In a process of its own: what other tests have left is given back at any time.
    told = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 3 * 10  # a model has 63 MiB


def test_an_environment_is_changed_alone():
    first, *others = (make_sim("obstacle_penalty_kick") for _ in range(4))
    for seed, sim in enumerate(others):
        sim.reset(seed=seed)
        sim.advance(np.zeros(12))
    assert others[0].model.geom_pos.tobytes() != others[1].model.geom_pos.tobytes()
    vertex = first.model.mesh_vert[0, 0]
    others[0].model.mesh_vert[0, 0] += 1.0
    assert [sim.model.mesh_vert[0, 0] - vertex for sim in (*others, first)] == [1.0, 0.0, 0.0, 0.0]


def test_the_pages_of_a_task_are_those_of_a_model_that_shares_none(monkeypatch):
    shared = make_sim("kick_to_target")
    monkeypatch.delattr(os, "memfd_create")
    alone = make_sim("kick_to_target")
    assert shared.stock.shared_pages and alone.stock.shared_pages is None
    for sim in (shared, alone):
        sim.reset(seed=4)
    models = [np.empty(mujoco.mj_sizeModel(sim.model), np.uint8) for sim in (shared, alone)]
    for sim, content in zip((shared, alone), models, strict=True):
        mujoco.mj_saveModel(sim.model, None, content)
    assert models[0].tobytes() == models[1].tobytes()


def test_a_mapping_that_the_system_refuses_is_a_lack_of_memory():
    content = np.zeros((SHORTEST + 1, mmap.PAGESIZE), np.uint8)
    inside = own_pages(content).reshape(-1)[8:][: SHORTEST * mmap.PAGESIZE].reshape(SHORTEST, -1)
    with pytest.raises(MemoryError, match="no room"):
        Pages(inside)  # which do not begin where a page does
