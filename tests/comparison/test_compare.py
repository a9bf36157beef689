"""Comparisons: the episodes are those of `evaluate`, go on where they were, and do not depend on workers."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from soccer_lib.comparison import compare_agents
from soccer_lib.comparison.card import model_card
from soccer_lib.comparison.disturbances import NONE, Disturbance, disturbance_grid
from soccer_lib.comparison.files import file_name, write_comparison
from soccer_lib.comparison.player import CompareJob, read_played
from soccer_lib.comparison.tables import comparison_text, film_command, method_lines, robustness_rows
from soccer_lib.errors import InputError
from soccer_lib.evaluation import EvaluationResult, evaluate
from soccer_lib.policies import load_policy
from tests.support.episodes import make_episode

TASK = "kick_to_target"
QUIET = {"progress": False, "workers": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def comparison(folder):
    """Two agents that fall at once, from both kinds of starts, undisturbed and disturbed."""
    return compare_agents(
        ["zero", "random"], TASK, 2, 10_000, ["official", "distinct"], robustness=1, folder=folder, **QUIET
    )


def test_the_episodes_are_those_of_evaluate(comparison):
    for kind in ("official", "distinct"):
        for name in ("zero", "random"):
            alone = evaluate(name, TASK, 2, 10_000, kind, **QUIET)
            assert comparison.results[kind][name].episodes == alone.episodes
            assert comparison.results[kind][name].summary == alone.summary


def test_a_start_that_both_kinds_have_is_played_once(comparison):
    """Start 0 of seed 10000 is the official one: of 2 + 2 episodes of each agent three are different."""
    undisturbed = [job for job in comparison.played if job.disturbance == NONE]
    assert len(undisturbed) == 2 * 3
    assert comparison.episodes["official"] == [(TASK, 10_000, 0), (TASK, 10_001, 0)]
    assert comparison.episodes["distinct"] == [(TASK, 10_000, 0), (TASK, 10_001, 1)]


def test_trails_begin_and_end_where_the_episode_does(comparison):
    played = comparison.of("zero", "official")[0]
    trail = played.trail
    assert trail.outcome == played.episode.outcome == "fall" and played.cause == "fell before touch"
    assert trail.time[0] == 0 and trail.time[-1] == pytest.approx(played.episode.length * 0.002)
    assert (np.diff(trail.time)[:-1] == pytest.approx(0.1)) and trail.touches == trail.asked == 0
    assert trail.ball.shape == (len(trail.time), 3) and trail.aim.tolist() == trail.target.tolist()


def test_disturbed_episodes_are_the_first_ones_of_the_last_kind(comparison):
    assert list(comparison.robustness) == [NONE, *disturbance_grid()]
    undisturbed = comparison.robustness[NONE]["zero"].episodes
    assert undisturbed == comparison.results["distinct"]["zero"].episodes[:1]
    head, first, *_ = robustness_rows(comparison)
    assert head == ["disturbance", "zero", "random"] and first[0] == "undisturbed"
    assert first[1] == f"{undisturbed[0].score:.1f}, 0 of 1"
    heavy = comparison.robustness[Disturbance("mass", 1.2)]["zero"].episodes[0]
    assert heavy.length != undisturbed[0].length or heavy.terms != undisturbed[0].terms


def test_a_disturbance_is_told_by_what_it_changes_on_the_same_episodes():
    """3 in each of six episodes; disturbed 1 and 0 in turn, which is 2 or 3 less: 2.5, and surely worse."""
    scores = {NONE: [3.0] * 6, Disturbance("push", 0.3): [1.0, 0.0] * 3, Disturbance("push", 0.6): [3.0] * 6}
    results = {
        disturbance: {
            "x": EvaluationResult(
                "x",
                tuple(
                    make_episode(TASK, score, f"{disturbance}{seed}", seed=seed)
                    for seed, score in enumerate(values)
                ),
            )
        }
        for disturbance, values in scores.items()
    }
    rows = robustness_rows(SimpleNamespace(agents={"x": None}, robustness=results))
    assert rows[1] == ["undisturbed", "3.0, 0 of 6"]
    assert rows[2][1].startswith("0.5, 0 of 6; -2.50 [-2.8") and rows[2][1].endswith("] worse")
    assert rows[3] == ["push 0.6", "3.0, 0 of 6; +0.00 equal"]


def test_two_workers_give_the_same_numbers(comparison):
    again = compare_agents(
        ["zero", "random"],
        TASK,
        2,
        10_000,
        ["official", "distinct"],
        robustness=1,
        workers=2,
        progress=False,
    )
    assert again.results == comparison.results and again.robustness == comparison.robustness
    assert [p.cause for p in again.played.values()] == [p.cause for p in comparison.played.values()]
    for here, there in zip(comparison.played.values(), again.played.values(), strict=True):
        np.testing.assert_array_equal(here.trail.ball, there.trail.ball)


def test_it_goes_on_where_it_was(comparison, folder, monkeypatch):
    """Nothing is played again; an episode whose file is gone is, and a new agent plays only its own."""
    calls = []
    import soccer_lib.comparison.player as player

    play = player.play_scored
    monkeypatch.setattr(player, "play_scored", lambda *a, **k: calls.append(1) or play(*a, **k))
    request = {"tasks": TASK, "episodes": 2, "starts": "official", "folder": folder, **QUIET}
    again = compare_agents(["zero", "random"], **request)
    expected = [result.episodes for result in comparison.results["official"].values()]
    assert not calls and [one.episodes for one in again.results["official"].values()] == expected
    next((folder / "episodes").glob(f"*_{TASK}_10001_0.json")).unlink()
    again = compare_agents(["zero", "random"], **request)
    assert len(calls) == 1 and [one.episodes for one in again.results["official"].values()] == expected


def test_an_episode_that_was_changed_is_named(comparison, folder, tmp_path):
    file = next((folder / "episodes").glob("*.json"))
    content = json.loads(file.read_text())
    content["episode"]["score"] = 9.5
    changed = tmp_path / "a.json"
    changed.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"a\.json is not as it was written; .*; remove the file"):
        read_played(changed)
    changed.write_text("{}")
    with pytest.raises(InputError, match="a.json"):
        read_played(changed)


def test_its_files_are_results_that_a_leaderboard_reads(comparison, tmp_path):
    from soccer_lib.comparison.leaderboard import read_entries

    files = write_comparison(comparison, tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == [
        "compare.json",
        "results/zero.official.json",
        "results/random.official.json",
        "results/zero.distinct.json",
        "results/random.distinct.json",
        "cards/zero.md",
        "cards/random.md",
    ]
    entries = read_entries([tmp_path / "results"], **QUIET)
    assert {entry.name for entry in entries} == {
        f"{name}.{kind}" for name in ("zero", "random") for kind in ("official", "distinct")
    }
    assert all(entry.claimed and entry.verdict.endswith(".npz is missing") for entry in entries)
    record = json.loads((tmp_path / "compare.json").read_text())
    failure = record["starts"]["official"]["failures"]["zero"]["fell before touch"]
    assert failure["count"] == 2 and failure["example"]["seed"] == 10_000
    (difference,) = record["starts"]["official"]["differences"]
    assert difference["verdict"] == "too few" and difference["low"] is None


def test_the_text_names_everything_once(comparison):
    text = comparison_text(comparison)
    assert text.count("starts: official; 2 episodes of each task, seeds 10000 to 10001") == 1
    assert "too few: 2 distinct pairs" in text and "fell before touch" in text and "friction 0.4" in text
    played = comparison.of("random", "distinct")[0]
    command = f"python -m soccer_lib film random --task {TASK} --seed 10000 --start 0 --video film.mp4"
    assert film_command(comparison, "random", played) == command and command in text


def test_drawn_actions_are_filmed_as_they_were_drawn(comparison):
    played = comparison.of("random", "official")[0]
    drawn = dataclasses.replace(comparison, settings={**comparison.settings, "deterministic": False})
    assert " --start 0 --no-deterministic --video " in film_command(drawn, "random", played)


def test_a_card_says_what_a_stranger_asks(comparison, tmp_path):
    write_comparison(comparison, tmp_path)
    card = (tmp_path / "cards" / "zero.md").read_text()
    summary = comparison.results["official"]["zero"].summary
    assert card.startswith("# zero\n") and "scripted, part of the library" in card
    assert f"| sum | {summary['comp_total_sum']:.2f} |" in card.replace("\\", "")
    for words in ("## Limits", "fell before touch, 2 of 2:", "## Under disturbances", "compare zero random"):
        assert words in card, words
    assert "random" not in card.split("## Scores")[0]


def test_a_card_says_how_a_learned_agent_was_made_and_not_its_metrics(comparison, tmp_path):
    learned = copy.copy(comparison.agents["zero"])
    learned.record = {"best": {"epoch": 40, "val/loss": 0.25}, "kicks": [[1.0, -1.0]]}
    agents = {**comparison.agents, "zero": learned}
    of_run = dataclasses.replace(comparison, agents=agents, words={**comparison.words, "zero": str(tmp_path)})
    for content, said in (
        (
            {"command": "bc", "config": {"dataset": ["a.npz"], "seed": 3}},
            "command bc; dataset a.npz; seed 3; ",
        ),
        ({"config": "of another program"}, ""),
    ):
        (tmp_path / "config.json").write_text(json.dumps(content))
        assert f"- origin: learned; its files say: {said}best epoch 40\n" in model_card(of_run, "zero")


def test_names_are_no_markup_and_no_paths(tmp_path):
    from soccer_lib.comparison.card import code, plain

    assert plain("<b>|x`*_") == r"\<b\>\|x\`\*\_" and code("film 'a`b'") == "`film 'a'b'`"
    assert file_name("td3/seed0") == "td3_seed0" and file_name("../..") == "agent"
    assert re.fullmatch(r"[\w.-]+", file_name("<script>alert(1)</script>"))


def test_policies_come_as_objects_too():
    found = compare_agents([load_policy("zero"), "random"], TASK, 1, 10_000, **QUIET)
    assert list(found.agents) == ["zero", "random"]
    assert CompareJob(TASK, 10_000, 0, "zero") in found.played


def test_runs_that_differ_by_their_seed_are_reported_as_methods():
    """Two runs of each method: interquartile means are their means, and a verdict needs four."""
    agents = []
    for name in ("a/seed0", "a/seed1", "b/seed0", "b/seed1"):
        agents.append(load_policy("random"))
        agents[-1].spec = dataclasses.replace(agents[-1].spec, name=name)
    found = compare_agents(agents, TASK, 1, 10_000, **QUIET)
    methods = found.methods("official")
    assert [(one.name, len(one.runs)) for one in methods] == [("a", 2), ("b", 2)]
    runs = [found.results["official"][name].summary["comp_total_sum"] for name in ("a/seed0", "a/seed1")]
    assert methods[0].runs == tuple(runs) and methods[0].iqm.value == np.mean(runs)
    *_, verdict = method_lines(found, "official")
    assert verdict.startswith(
        "a and b: too few training seeds for a verdict (+0.00); expected 4 on each side"
    )
    assert not compare_agents(agents[:3:2], TASK, 1, 10_000, **QUIET).methods("official")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"agents": ["zero"]}, "1 agents came; expected two or more; try stand striker"),
        ({"agents": ["zero", "zero"]}, "zero came twice; expected every agent once"),
        ({"agents": ["zero", "strikr"]}, "unknown policy 'strikr'; .* did you mean 'striker'"),
        ({"episodes": 0}, "episodes got 0; expected a whole number from 1"),
        ({"seed": -1}, "seed got -1"),
        ({"tasks": "penalty_kick"}, "unknown task with an official score 'penalty_kick'"),
        ({"starts": "ofical"}, "unknown starts 'ofical'; .*official"),
        ({"starts": []}, "no kind of starts came"),
        ({"robustness": 3}, "robustness got 3; expected at most the 2 episodes of each task; try 2"),
    ],
)
def test_bad_requests_are_one_clear_line(request_, words):
    request = {"agents": ["zero", "random"], "tasks": TASK, "episodes": 2, **QUIET} | request_
    with pytest.raises(InputError, match=words) as raised:
        compare_agents(**request)
    assert "\n" not in str(raised.value)
