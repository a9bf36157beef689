"""Diagrams say what the library does: rates and interfaces are those of its tables."""

from __future__ import annotations

from soccer_lib.course import figures
from soccer_lib.course.figures.overview import CLOCKS, SENT, TORQUES
from soccer_lib.envs.make import make_env
from soccer_lib.tasks import PHYSICS_DT
from tests.support.drawn import words


def test_each_clock_shows_its_decisions_in_a_tenth_of_a_second():
    axes = figures.plot_control_stack().axes[0]
    ticks = {rail.get_label(): len(rail.get_segments()) for rail in axes.collections}
    assert ticks == {
        "decisions of policy": 1,
        "decisions of walker and kicks": 5,
        "decisions of PD controllers": 50,
        "decisions of physics": 50,
    }
    assert {"10 Hz, every 100 ms", "50 Hz, every 20 ms", "500 Hz, every 2 ms"} <= set(words(axes.figure))


def test_the_interfaces_of_the_stack_are_those_of_the_environment():
    drawn = words(figures.plot_control_stack())
    for (content, interface), period in zip([*SENT.values(), TORQUES], CLOCKS.values(), strict=True):
        env = make_env("kick_to_target", control=interface)
        assert content.startswith(f"{env.action_space.shape[0]} ") and content in drawn
        assert f'control="{interface}"' in drawn
        assert env.get_wrapper_attr("hold") * PHYSICS_DT == period


def test_the_loop_names_what_goes_round():
    drawn = " ".join(words(figures.plot_loop()))
    for word in (
        "agent",
        "environment",
        "action",
        "observation",
        "reward",
        "reset",
        "terminated",
        "truncated",
    ):
        assert word in drawn
