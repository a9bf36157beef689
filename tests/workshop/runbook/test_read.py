"""Files of steps: what they come to, and what could not run refused in a line before anything is begun."""

from __future__ import annotations

import tomllib

import pytest

from soccer_lib.cli.main import COMMANDS, main
from soccer_lib.errors import InputError
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.runbook.read import PRESETS, read_runbook

TWO = """
[settings]
episodes = 4
[[steps]]
name = "expert"
command = "evaluate --policy striker --episodes {episodes} --json {here}/score.json"
outputs = ["score.json"]
[[steps]]
name = "mine"
command = "evaluate --policy stand --episodes {episodes} --json {here}/score.json"
outputs = ["score.json"]
"""
GATE = '[[steps.gates]]\nfile = "{here}/score.json"\n'


def read(tmp_path, text, **more):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return read_runbook(file, str(tmp_path / "runs"), **more)


def test_words_folders_inputs_and_needs_follow_from_the_names_in_braces(tmp_path):
    text = TWO.replace("--policy stand", "--policy {expert}/score.json --plot a.png")
    book = read(tmp_path, text, changes=[("episodes", "7")])
    expert, mine = book.steps
    place = tmp_path / "runs"
    assert (book.name, book.folder, book.settings, book.changed) == (
        "mine", place, {"episodes": "7"}, ("episodes",)
    )  # fmt: skip
    assert expert.words == (
        "evaluate", "--policy", "striker", "--episodes", "7", "--json", f"{place}/expert/score.json"
    )  # fmt: skip
    assert expert.folder == place / "expert" and expert.files == (place / "expert/score.json",)
    assert (expert.command, expert.inputs, expert.needs) == ("evaluate", (), ())
    assert mine.needs == ("expert",) and mine.inputs == (place / "expert/score.json",)


def test_outputs_may_name_settings_and_no_folder_of_a_step(tmp_path):
    named = TWO.replace('outputs = ["score.json"]', 'outputs = ["{episodes}/score.json"]', 1)
    assert read(tmp_path, named).steps[0].files == (tmp_path / "runs/expert/4/score.json",)
    with pytest.raises(InputError, match="unknown name in braces 'here'"):
        read(tmp_path, TWO.replace('outputs = ["score.json"]', 'outputs = ["{here}/score.json"]', 1))


def test_a_file_that_is_typed_is_an_input_and_blanks_in_a_folder_do_no_harm(tmp_path):
    clips = tmp_path / "ranges.toml"
    clips.write_text("mass = [0.8, 1.2]\n")
    text = f'[[steps]]\nname = "a"\ncommand = ["train", "--randomise", "{clips}", "--save-dir", "{{here}}"]\n'
    file = tmp_path / "mine.toml"
    file.write_text(text)
    [step] = read_runbook(file, str(tmp_path / "with a blank")).steps
    assert step.inputs == (clips,) and step.words[-1] == str(tmp_path / "with a blank" / "a")


def test_a_file_that_an_earlier_step_makes_is_not_looked_into(tmp_path):
    text = TWO + (
        '[[steps]]\nname = "train"\ncommand = "train --reward-weights {mine}/score.json --save-dir {here}"\n'
    )
    assert read(tmp_path, text).steps[2].inputs == (tmp_path / "runs/mine/score.json",)


def test_a_setting_can_be_several_words_where_it_stands_alone(tmp_path):
    command = "export --verify x --batches {batches}"
    text = f"[settings]\nbatches = [1, 2]\n[[steps]]\nname = 'a'\ncommand = '{command}'"
    assert read(tmp_path, text).steps[0].words[3:] == ("--batches", "1", "2")
    assert read(tmp_path, text, changes=[("batches", "7 7 1")]).steps[0].words[4:] == ("7", "7", "1")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_run_as_it_is(preset, tmp_path):
    file = CHECKOUT / "soccer_lib/workshop/runbook/presets" / f"{preset}.toml"
    named = {step["command"].split()[0] for step in tomllib.loads(file.read_text())["steps"]}
    absent = named - {name.split()[0] for name in COMMANDS}
    if absent:
        pytest.skip(f"no command {' or '.join(sorted(absent))} here")
    book = read_runbook(preset, str(tmp_path))
    assert [step.name for step in book.steps][-2:] == ["export", "verify"]
    assert sum(len(step.gates) for step in book.steps) >= 2
    assert all(step.minutes > 0 and step.about for step in book.steps)


def test_the_runbook_of_the_readme_can_be_run_as_it_stands(tmp_path):
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    steps = text.partition("```toml\n# mine.toml\n[settings]")[2].partition("```")[0]
    book = read(tmp_path, f"[settings]{steps}")
    demos, clone, score, lesson = book.steps
    assert (clone.inputs, score.inputs) == (demos.files, clone.files)
    assert score.gates[0].at_least == 30 and lesson.needs == ("clone",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["steps", "[[steps]]"]),
        ("title = 'x'\nstep = 1", ["unknown key of mine 'step'", "'steps'"]),
        (TWO + "inptus = []", ["step 2 (mine)", "unknown key 'inptus'", "did you mean 'inputs'?"]),
        (TWO.replace("evaluate --policy stand", "evalaute"), ["step 2 (mine)", "'evaluate'?"]),
        (TWO.replace("evaluate --policy stand", "swep --study a"), ["step 2 (mine)", "command 'swep"]),
        (TWO.replace("--policy stand", "--polcy stand"), ["step 2", "mean '--policy'?"]),
        (TWO.replace("--policy stand", "--policy"), ["step 2 (mine)"]),
        (TWO.replace("--policy stand", "--policy 'stand"), ["step 2", "close the quote"]),
        (TWO.replace("evaluate --policy stand", "runbook run"), ["step 2", "'runbook run'"]),
        (TWO.replace("striker", "{mine}"), ["step 1 (expert)", "name in braces 'mine'", "before this one"]),
        (TWO.replace("{episodes}", "{episode}"), ["'episode'", "episodes"]),
        (TWO.replace('"mine"', '"expert"'), ["step 2 (expert)", "already"]),
        (TWO.replace('"mine"', '"episodes"'), ["step 2 (episodes)", "already"]),
        (TWO.replace('"mine"', '"logs"'), ["not logs"]),
        (TWO.replace('"mine"', '"a/b"'), ["letters"]),
        (TWO.replace('name = "mine"', "name = 3"), ["step 2 (3)", "name got 3"]),
        (TWO + 'inputs = ["nowhere.npz"]', ["step 2", "nowhere.npz is not there"]),
        (TWO + 'inputs = ["{expert}/scores.json"]', ["no output of an earlier step", "expert/score.json"]),
        (TWO + 'needs = ["exprt"]', ["step 2", "did you mean 'expert'?"]),
        (TWO + "minutes = -1", ["step 2", "minutes got -1"]),
        (TWO.replace('outputs = ["score.json"]', 'outputs = ["../score.json"]'), ["own folder"]),
        (TWO.replace("episodes = 4", "here = 4"), ["setting 'here'"]),
        (TWO.replace("episodes = 4", "episodes = {a = 4}"), ["setting episodes of mine got {'a': 4}"]),
        (TWO + GATE + 'figure = "comp_sum"\nat_least = 1', ["unknown figure", "comp_total_sum"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nat_least = 95.8', ["can never pass", "95.7"]),
        (TWO + GATE + 'figure = "kick_to_target/success_rate"\nat_least = 1.01', ["can never pass"]),
        (TWO + GATE + 'figure = "comp_total_sum"', ["at_least or of"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nat_least = 1\nof = "{expert}/score.json"', ["one of them"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nat_least = "x"', ["at_least got 'x'"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nat_least = nan', ["finite"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nof = "{expert}/score.json"\nshare = 60', ["share got 60"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nof = "{expert}/s.json"', ["file of a gate", "score.json"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nof = "{other}/s.json"', ["'other'"]),
        (TWO + GATE + 'figure = "comp_total_sum"\nfloor = 3', ["key of a gate 'floor'"]),
        (TWO + "[steps.gates]\nfigure = 'x'", ["[[steps.gates]]"]),
        (TWO + "[[steps]\n", ["cannot read"]),
    ],
)  # fmt: skip
def test_what_could_not_run_is_refused_in_a_line(text, words, tmp_path):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert all(word in str(error.value) for word in words), error.value
    assert "\n" not in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_a_gate_over_a_figure_that_is_there_already_is_held_against_it(tmp_path):
    (tmp_path / "theirs.json").write_text('{"comp_total_sum": 90.0}')
    gate = GATE + f'figure = "comp_total_sum"\nof = "{tmp_path}/theirs.json"\nshare = %s'
    assert str(read(tmp_path, TWO + gate % 1).steps[1].gates[0]).startswith("comp_total_sum at least 100%")
    with pytest.raises(InputError, match="can never pass"):
        read(tmp_path, TWO + gate % 1.1)


def test_settings_and_presets_are_known_by_name(tmp_path, capsys):
    with pytest.raises(InputError, match="did you mean 'episodes'"):
        read(tmp_path, TWO, changes=[("episode", "1")])
    assert main(["runbook", "show", "smok"]) == 2
    assert "did you mean 'smoke'?" in capsys.readouterr().err
    for words in ([], ["a.toml", "--preset", "smoke"]):
        assert main(["runbook", "run", *words]) == 2
        assert "expected a file or --preset" in capsys.readouterr().err
    assert main(["runbook", "run", "--preset", "smoke", "--past", "clone-scor", "--folder", "x"]) == 2
    assert "did you mean 'clone-score'?" in capsys.readouterr().err
