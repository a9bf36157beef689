"""What the scores of a sweep depend on: a change of it is seen, and one of a page is not."""

from __future__ import annotations

import pytest

from house import ROOT
from rules.source import Source
from soccer_lib.workshop import identity
from soccer_lib.workshop.identity import ROOMS, learning_hash, package_versions

PLACES = ("tasks.py", "learn/train.py", "workshop/sweep/search.py", "data/kicks/kicks.npz")
ELSEWHERE = ("course/page.py", "workshop/clips.py", "data/curves/bc.json")


@pytest.mark.parametrize("place", [*PLACES, *ELSEWHERE])
def test_what_learns_and_acts_is_part_of_the_hash_and_pages_are_not(place, tmp_path):
    for name in (*PLACES, *ELSEWHERE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1\n")
    before = learning_hash(tmp_path, tmp_path / "data")
    (tmp_path / place).write_text("a = 2\n")
    assert (learning_hash(tmp_path, tmp_path / "data") != before) == (place in PLACES)


def test_what_learns_imports_no_room_that_the_hash_leaves_out():
    package = ROOT / "soccer_lib"
    missing = {}
    for room in ROOMS:
        files = (package / room).rglob("*.py") if room != "workshop/sweep" else []
        for path in files:
            for name in Source.read(ROOT, path).imports(with_typing=False):
                place = name.split(".")[1:2]
                if name.startswith("soccer_lib.") and (package / place[0]).is_dir() and place[0] not in ROOMS:
                    missing[path.name] = name
    assert not missing


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(identity, "PACKAGES", ("numpy", "no-such-package"))
    assert list(package_versions()) == ["numpy"]
