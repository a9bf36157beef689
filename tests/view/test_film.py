"""An episode that is looked at again is the one that was scored."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.evaluation import evaluate
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.policies import Policy, PolicySpec, load_policy
from soccer_lib.view import film
from soccer_lib.view.film import film_frames, trace_job

TASK = "kick_to_target"


@pytest.mark.parametrize(("name", "start"), [("zero", 0), ("random", 1)])
def test_the_trajectory_is_that_of_the_evaluation(name, start):
    episode = evaluate(name, TASK, 2, 10_000, "distinct", workers=1, progress=False).episodes[start]
    report = trace_job(load_policy(name), EpisodeJob(TASK, 10_000 + start, start)).report
    assert (report["score"], report["length"]) == (episode.score, episode.length)


def test_drawn_actions_are_asked_for():
    asked = set()

    class Asks(Policy):
        spec = PolicySpec("asks")

        def act(self, observation, state, deterministic):
            asked.add(deterministic)
            return np.zeros(12, np.float32), state

    trace_job(Asks(), EpisodeJob(TASK, 1), deterministic=False)
    assert asked == {False}


def test_every_picture_says_who_plays_and_how_it_ended(monkeypatch):
    pictures = [np.zeros((8, 8, 3), np.uint8)] * 2
    monkeypatch.setattr(film, "trajectory_frames", lambda *a, **k: iter(pictures))
    monkeypatch.setattr(film, "captioned", lambda frames, words: zip(frames, words, strict=False))
    job = EpisodeJob(TASK, 10_000, 0)
    trajectory = trace_job(load_policy("zero"), job)
    words = [word for _, word in film_frames("me", job, trajectory)]
    assert words == [f"me, seed 10000, start 0: fall, score {trajectory.report['score']:.2f}"] * 2
