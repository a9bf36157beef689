"""Environments stepped one after another, in this process or in one of their own.

Nothing here imports Stable-Baselines3: a worker process is spared torch and its 0.3 GB.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.envs.make import describe, get_state, layers, make_env, set_state
from soccer_lib.errors import SimulationError, SoccerError, one_line


class Slots:
    """Several environments behind one call; one that is over is reset at once, as SB3 wants it.

    Args:
        specs: arguments of `make_env`, one dict an environment.
    """

    def __init__(self, specs: Sequence[dict[str, Any]]) -> None:
        self.envs = [make_env(**spec) for spec in specs]
        self._begun = time.monotonic()

    def hello(self) -> tuple[gym.Space, gym.Space, str]:
        """Observation space, action space and layers of the first environment."""
        return self.envs[0].observation_space, self.envs[0].action_space, describe(self.envs[0])

    def reset(self, seeds: Sequence[int | None], options: Sequence[dict[str, Any]]):
        """Start an episode everywhere; returns observations and infos."""
        of_slots = zip(self.envs, seeds, options, strict=True)
        results = [env.reset(seed=seed, options=chosen or None) for env, seed, chosen in of_slots]
        return np.stack([observation for observation, _ in results]), [info for _, info in results]

    def step(self, actions: np.ndarray):
        """One step everywhere.

        Returns:
            observations, rewards, whether each episode ended, infos, and slot -> info of its reset.
        """
        observations, infos, resets = [], [], {}
        rewards, dones = np.zeros(len(self.envs), np.float32), np.zeros(len(self.envs), bool)
        for i, (env, action) in enumerate(zip(self.envs, actions, strict=True)):
            observation, rewards[i], terminated, truncated, info = env.step(action)
            dones[i] = terminated or truncated
            info["TimeLimit.truncated"] = truncated and not terminated
            if dones[i]:
                report, spent = info["episode_report"], time.monotonic() - self._begun
                # What SB3's Monitor would add.
                info["episode"] = {"r": report["return"], "l": report["env_steps"], "t": spent}
                info["terminal_observation"] = observation
                observation, resets[i] = env.reset()
            observations.append(observation)
            infos.append(info)
        return np.stack(observations), rewards, dones, infos, resets

    def call(self, indices: Sequence[int], method: str, *arguments: Any) -> list[Any]:
        """Call a method of some environments."""
        return [getattr(self.envs[i], method)(*arguments) for i in indices]

    def call_layer(self, indices: Sequence[int], method: str, arguments: tuple, named: dict) -> list[Any]:
        """Call a method of the outermost layer that has it."""
        return [self.envs[i].get_wrapper_attr(method)(*arguments, **named) for i in indices]

    def is_wrapped(self, indices: Sequence[int], wrapper: type) -> list[bool]:
        """Whether a layer is of a class."""
        return [any(isinstance(layer, wrapper) for layer in layers(self.envs[i])) for i in indices]

    def get_state(self) -> list[dict[str, Any]]:
        """The state of every environment."""
        return [get_state(env) for env in self.envs]

    def set_state(self, states: Sequence[dict[str, Any]]) -> None:
        """Continue from a `get_state`."""
        for env, state in zip(self.envs, states, strict=True):
            set_state(env, state)


class Here:
    """Slots in this process, behind the calls of a `Worker`."""

    def __init__(self, specs: Sequence[dict[str, Any]], first: int) -> None:
        self.slots = range(first, first + len(specs))
        self.name = "this process"
        self._own = Slots(specs)
        self.send("hello")

    def send(self, name: str, *arguments: Any) -> None:
        """Ask; the work is done at once."""
        self._answer = getattr(self._own, name)(*arguments)

    def receive(self) -> Any:
        """The answer to the last question."""
        return self._answer

    def stop(self) -> None:
        """Close the environments."""
        for env in self._own.envs:
            env.close()

    def join(self) -> None:
        """Nothing is left to wait for."""


class Worker:
    """Slots in a process of their own.

    Args:
        specs: arguments of `make_env`, one dict an environment.
        first: number of the first slot.
        index: number of the worker.
    """

    def __init__(self, specs: Sequence[dict[str, Any]], first: int, index: int) -> None:
        self.slots = range(first, first + len(specs))
        # Spawned, because a forked MuJoCo or torch may hang.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, specs), daemon=True)
        self.process.start()
        theirs.close()
        tasks = ", ".join(dict.fromkeys(spec["task"] for spec in specs))
        self.name = f"worker {index} (pid {self.process.pid}: {tasks})"
        self._question = 0
        self.send("hello")

    def send(self, name: str, *arguments: Any) -> None:
        """Ask; a worker that died is noticed where its answer is read."""
        self._question += 1
        with contextlib.suppress(OSError):
            self._pipe.send((self._question, name, arguments))

    def receive(self) -> Any:
        """Wait for the answer to the last question.

        Raises:
            SimulationError: the worker died or failed; its traceback is in the error's notes.
        """
        question = 0
        try:
            while question != self._question:  # after an interrupt an older answer may still be waiting
                question, answer, failure, trace = self._pipe.recv()
        except (EOFError, OSError):
            self.process.join(timeout=5)
            raise SimulationError(
                f"{self.name} stopped with exit code {self.process.exitcode}; expected its answer; try fewer "
                "environments if the memory was short, or workers=0 to see why"
            ) from None
        if failure is None:
            return answer
        failure.add_note(f"In {self.name}:\n{trace}")
        raise failure

    def stop(self) -> None:
        """Tell the process to end, in the middle of a step too."""
        self._pipe.close()
        self.process.terminate()

    def join(self) -> None:
        """Wait for the end, which not even a suspended process can put off."""
        self.process.join(timeout=3)
        self.process.kill()
        self.process.join()


def _serve(pipe: Connection, specs: Sequence[dict[str, Any]]) -> None:
    """Life of a worker: answer questions until the parent ends it or is gone."""
    # Ctrl-C reaches the whole group; the parent ends us. A polite kill must not run the parent's handler.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    slots: Slots | None = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            question, name, arguments = pipe.recv()
            try:
                slots = slots or _build(specs)
                pipe.send((question, getattr(slots, name)(*arguments), None, ""))
            except Exception as error:
                pipe.send((question, None, _as_ours(error), traceback.format_exc()))


def _build(specs: Sequence[dict[str, Any]]) -> Slots:
    slots = Slots(specs)
    if "torch" in sys.modules:  # a walker from a TorchScript file
        sys.modules["torch"].set_num_threads(1)
    return slots


def _as_ours(error: Exception) -> Exception:
    """The error for the parent; SB3 asks for attributes and expects AttributeError."""
    if isinstance(error, SoccerError | AttributeError | MemoryError):
        return error
    return SimulationError(
        f"a worker failed: {type(error).__name__}: {one_line(error, 200)}; expected its answer; "
        "try workers=0, which stops where it happens"
    )
