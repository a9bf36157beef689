"""How benches print and keep their figures."""

import dataclasses
import json

from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.workshop.bench.report import LiveTable, estimate_table, finish


@dataclasses.dataclass(frozen=True)
class Config:
    seed: int = 3
    json: str = ""


def test_tables_of_the_same_name_stand_side_by_side():
    tables = [{"speed": Estimate(1, 0, 2)}, {"speed": Estimate(3, 3, 3)}]
    head, rule, row = estimate_table(["a", "a"], tables).splitlines()
    assert head.split() == ["row", "a", "a"] and set(rule) == {"-"}
    assert row.split() == ["speed", "1.000", "[0.000,", "2.000]", "3.000", "[3.000,", "3.000]"]


def test_a_live_table_is_aligned_and_its_notes_stand_last(capsys):
    table = LiveTable({"task": 6, "steps": 7}, note="ends")
    table.row(["kick", "12"], "fall 1")
    table.row(["pass", "3"])
    assert capsys.readouterr().out == "task    steps  ends\nkick       12  fall 1\npass        3\n"


def test_the_file_tells_settings_machine_and_versions(tmp_path, capsys):
    path = tmp_path / "bench.json"
    finish(Config(json=str(path)), {"rows": {"speed": Estimate(1.0, 0.5, float("nan"))}})
    written = json.loads(path.read_text())
    assert written["rows"]["speed"] == [1.0, 0.5, None] and written["config"] == {"seed": 3}
    assert written["machine"]["cores"] >= 1 and written["versions"]["mujoco"]
    assert capsys.readouterr().out == f"wrote {path}\n"
    finish(Config(), {"rows": {}})
    assert capsys.readouterr().out == ""
