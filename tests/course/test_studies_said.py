"""What lessons 04 and 05 say of studies in words of their own is what the curves have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.course.curves import paired_difference, values_by_seed
from soccer_lib.learn.presets import PRESETS
from soccer_lib.workshop.studies.agents import FACTORS_TESTED
from soccer_lib.workshop.studies.training import HINDSIGHT_EPISODES

CURVES = Path(__file__).parents[2] / "data" / "curves"
TUNING = (CURVES.parents[1] / "notebooks" / "04_td3_finetune.ipynb").read_text(encoding="utf-8")
LESSON = (CURVES.parents[1] / "notebooks" / "05_reward_shaping.ipynb").read_text(encoding="utf-8")


def gain(study, kind, reference, figure="score"):
    """Interval of a kind's paired gain over another."""
    record = json.loads((CURVES / f"rl_{study}.json").read_text())
    difference = paired_difference(*(values_by_seed(record, name, figure) for name in (kind, reference)))
    return difference.low, difference.high


@pytest.mark.parametrize("other", ["competition-dense", "guided", "shaped", "env"])
def test_the_score_alone_teaches_as_well_as_any_hint(other):
    assert "teaches as well as any hint here, or better" in LESSON
    assert gain("rewards", "competition", other)[1] > 0


def test_the_curriculum_costs_points_and_only_the_goalkeeper_gains():
    assert "It costs points" in LESSON and "the levels do their work" in LESSON
    assert gain("curriculum", "curriculum", "stock starts")[1] < 0
    entries = json.loads((CURVES / "rl_curriculum.json").read_text())["entries"]
    for task, better in (("goalie_penalty_kick", True), ("obstacle_penalty_kick", False)):
        means = {
            kind: np.mean([one[f"{task}/comp_total"] for one in entries if one["x"] == kind])
            for kind in ("curriculum", "stock starts")
        }
        assert bool(means["curriculum"] > means["stock starts"]) == better


def test_randomised_training_wins_nowhere_and_loses_somewhere():
    assert "Nothing was won, and something was lost" in LESSON
    figures = ["score", *(f"under {name} {value:g}" for name, value in FACTORS_TESTED.items())]
    gains = [gain("randomised", "randomised", "nominal", figure) for figure in figures]
    assert not any(low > 0 for low, _ in gains) and any(high < 0 for _, high in gains)


def test_agents_from_a_clone_keep_its_score_and_stand_noise_better():
    assert "lost a little, none of them a whole point" in TUNING
    assert "each of the five is better than its clone, by about three points" in TUNING
    record = json.loads((CURVES / "rl_tuned.json").read_text())
    assert len(record["entries"]) == 5 and record["settings"]["timesteps"] == 150_000
    assert max(agent["cpu_minutes"] for agent in record["entries"]) == pytest.approx(8, abs=0.5)
    assert PRESETS["finetune"]["action_noise_sigma"] == 0.075
    for agent in record["entries"]:
        assert agent["gain"] > -1 and agent["gain, shaken, ci95"][0] > 0
    gains = [np.mean([agent[name] for agent in record["entries"]]) for name in ("gain", "gain, shaken")]
    assert gains[0] < 0 and gains[1] == pytest.approx(3, abs=0.3)


def test_agents_of_td3_and_sac_gain_less_under_noise_than_those_of_ppo():
    assert "Under noise they gain one and a half to two points in the mean" in TUNING
    means, agents, minutes = {}, {}, []
    for name in ("tuned", "tuned_td3", "tuned_sac"):
        record = json.loads((CURVES / f"rl_{name}.json").read_text())
        agents[name] = record["entries"]
        means[name] = np.mean([agent["gain, shaken"] for agent in agents[name]])
        minutes += [agent["cpu_minutes"] for agent in agents[name]]
        if name != "tuned":
            assert record["settings"]["timesteps"] == 80_000 and len(agents[name]) == 3
            assert 1.4 <= means[name] <= 2.1 < means["tuned"]
            gains = {agent["seed"]: agent["gain, shaken"] for agent in agents[name]}
            low = paired_difference(gains, dict.fromkeys(gains, 0.0)).low
            assert (low < 0) == (name == "tuned_sac") == (min(gains.values()) < 0.5)
    assert sum(agent["gain"] < -1 for agent in agents["tuned_td3"]) == 1
    assert all(agent["gain"] > -1 for agent in agents["tuned_sac"])
    assert 7 < min(minutes) and max(minutes) < 10.5


def test_sizes_of_networks_are_not_told_apart_and_seeds_differ_more():
    assert "agents of one size lie further from each other than the sizes do" in TUNING
    record = json.loads((CURVES / "rl_networks.json").read_text())
    assert (record["settings"]["timesteps"], record["settings"]["seeds"]) == (12_000, 3)
    assert record["settings"]["episodes"] * 3 == 60
    kinds = [group["x"] for group in record["groups"]]
    assert len(kinds) == 3
    for kind in kinds[1:]:
        low, high = gain("networks", kind, kinds[0])
        assert low < 0 < high
    spreads = [np.ptp([one["score"] for one in record["entries"] if one["x"] == kind]) for kind in kinds]
    assert min(spreads) > np.ptp([group["mean"] for group in record["groups"]])
    assert PRESETS["scratch"]["net_arch"] == "128,128"


def test_a_weak_clone_gains_under_noise_alone():
    assert "Under noise it gains as much, and undisturbed nothing" in TUNING
    record = json.loads((CURVES / "rl_tuned_weak.json").read_text())
    assert len(record["entries"]) == 5
    for agent in record["entries"]:
        low, high = agent["gain, ci95"]
        assert low < 0 < high and agent["gain, shaken, ci95"][0] > 0
    assert np.mean([agent["gain, shaken"] for agent in record["entries"]]) == pytest.approx(3.5, abs=0.5)


def test_own_shots_teach_a_weak_clone_to_aim():
    assert "so here hindsight comes last" in TUNING
    record = json.loads((CURVES / "rl_hindsight.json").read_text())
    assert record["settings"]["timesteps"] == 240_000 and "--clone runs/weak" in record["command"]
    assert len(record["entries"]) == 5 and HINDSIGHT_EPISODES == 400
    assert sum(agent["gain, ci95"][0] > 0 for agent in record["entries"]) >= 4
    gains = [np.mean([agent[name] for agent in record["entries"]]) for name in ("gain", "gain, shaken")]
    assert "About two points" in TUNING and gains[0] == pytest.approx(2, abs=0.3)
    assert "as much better as those that were tuned alone" in TUNING
    alone = json.loads((CURVES / "rl_tuned_weak.json").read_text())["entries"]
    assert gains[1] > np.mean([agent["gain, shaken"] for agent in alone])
    first = json.loads((CURVES / "rl_tuned.json").read_text())["entries"][0]
    assert "the score of the first, stronger clone" in TUNING
    assert np.mean([agent["score"] for agent in record["entries"]]) == pytest.approx(first["clone"], abs=0.6)


def test_anchor_and_slow_actor_are_the_cures_that_matter():
    assert "hardly anything of the clone is left within minutes; without any cure, nothing" in TUNING
    record = json.loads((CURVES / "rl_cures.json").read_text())
    assert record["settings"]["timesteps"] == 10_000 and record["settings"]["seeds"] == 3
    means = {group["x"]: group["mean"] for group in record["groups"]}
    assert means["no cure"] < 0 and max(means["no anchor"], means["actor at 3e-4"]) < 41.5 / 2
    for kind in ("no cure", "no anchor", "actor at 3e-4"):
        assert gain("cures", kind, "all cures")[1] < 0
    others = means.keys() - {"all cures", "no cure", "no anchor", "actor at 3e-4"}
    assert len(others) == 4
    for kind in others:
        low, high = gain("cures", kind, "all cures")
        assert low < 0 < high


def test_from_a_clone_a_hint_at_every_step_costs_points_and_nothing_wins():
    """The clone's 39.4: `evaluate --policy runs/weak --seed 20000 --starts distinct --episodes 100`."""
    assert "Another order" in LESSON and "none of these rewards brought its agents above that" in LESSON
    assert gain("rewards_from_clone", "competition-dense", "competition")[1] < 0
    groups = json.loads((CURVES / "rl_rewards_from_clone.json").read_text())["groups"]
    assert len(groups) == 4 and all(group["ci95"][0] < 39.4 for group in groups)
    assert {group["x"]: group["ci95"][1] > 39.4 for group in groups}["env"], "it does no harm"
