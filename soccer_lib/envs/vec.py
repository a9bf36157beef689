"""`make_vec_env`: many environments for Stable-Baselines3, a worker per core, stepped in lockstep."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from soccer_lib.envs.make import check_sizes, make_env
from soccer_lib.envs.slots import Slots
from soccer_lib.errors import InputError, SimulationError, unknown_name
from soccer_lib.ranges import numeric, of_type
from soccer_lib.runs.worker import Here, Worker, end, usable_cores
from soccer_lib.seeds import seed_range
from soccer_lib.tasks import Task, tasks_named
from soccer_lib.variation import read_variation
from soccer_lib.wrappers.multitask import task_shares

STEP_LIMIT = 600.0
"""How long the slots of a worker may take for a step or for being made [s]; they take a second."""

_REMEDY = "try workers=0 to see why, or fewer environments if the memory was short"


def make_vec_env(
    tasks: str | Task | Sequence[str | Task],
    n_envs: int,
    *,
    workers: int | None = None,
    seed: int | None = None,
    task_weights: Mapping[str, float] | None = None,
    **make_env_args: Any,
) -> SoccerVecEnv:
    """Make environments that step together; each keeps its task, so that every task gets its share.

    Args:
        tasks: "all", a task, several with commas or a list.
        n_envs: environments (slots).
        workers: processes; None for one a core, 0 for none: everything in this process, same numbers.
        seed: of the first reset; slot i gets seed + i. None leaves it to `seed()`.
        task_weights: task -> weight; a task without one counts 1.
        make_env_args: passed to `make_env`; `info` is "terms" where it is not given.

    Returns:
        A Stable-Baselines3 `VecEnv`; `describe` shows its slots. Infos of an episode's end hold `episode`
        as SB3's Monitor writes it.

    Raises:
        InputError: a bad argument, or fewer slots than tasks.
        SimulationError: a worker failed while it built its environments.
    """
    for name, value, least in (("n_envs", n_envs, 1), ("workers", 0 if workers is None else workers, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} got {value!r}; expected a whole number of {least} or more; try {least}")
    known = set(inspect.signature(make_env).parameters) - {"task"}
    for name in make_env_args:
        if name not in known:
            raise unknown_name("argument of make_vec_env", name, sorted(known))
    shares = task_shares(tasks_named(tasks), task_weights)
    check_sizes(list(shares), make_env_args.get("observation", "raw"))
    slots = slot_tasks(shares, n_envs)
    arguments = {"info": "terms", **make_env_args}
    workers = min(usable_cores() if workers is None else workers, n_envs)
    variation = {name: read_variation(arguments, shares, name) for name in shares}
    return SoccerVecEnv([{"task": name, **arguments, **variation[name]} for name in slots], workers, seed)


def slot_tasks(shares: Mapping[str, float], n_envs: int) -> list[str]:
    """The task of each slot: largest remainders, at least one slot a task, the tasks taking turns.

    Raises:
        InputError: fewer slots than tasks.
    """
    if n_envs < len(shares):
        raise InputError(
            f"n_envs got {n_envs} for {len(shares)} tasks; expected a slot for each; try n_envs={len(shares)}"
        )
    counts = {name: max(1, int(n_envs * share)) for name, share in shares.items()}

    def missing(name: str) -> float:
        return n_envs * shares[name] - counts[name]

    while sum(counts.values()) < n_envs:
        counts[max(counts, key=missing)] += 1
    while sum(counts.values()) > n_envs:
        counts[min((name for name in counts if counts[name] > 1), key=missing)] -= 1
    places = [((turn + 0.5) / count, name) for name, count in counts.items() for turn in range(count)]
    return [name for _, name in sorted(places, key=lambda place: place[0])]


class SoccerVecEnv(VecEnv):
    """Slots in workers, one message a worker and step; resets, infos and seeds as in SB3's own classes.

    Args:
        specs: arguments of `make_env`, one dict a slot.
        workers: processes; 0 for none.
        seed: of the first reset; slot i gets seed + i.

    Attributes:
        slot_tasks: the task of each slot.
        members: what holds the slots, block by block: the workers, or this process.
    """

    def __init__(self, specs: Sequence[dict[str, Any]], workers: int, seed: int | None = None) -> None:
        self.slot_tasks = [spec["task"] for spec in specs]
        self.members: list[Worker | Here] = []
        # Runs at `close`, when this object is forgotten and at the interpreter's exit, but only once.
        self._stepping = False
        self._ending = weakref.finalize(self, end, self.members)
        blocks = np.array_split(np.arange(len(specs)), workers or 1)
        self._blocks = [range(block[0], block[-1] + 1) for block in blocks]
        try:
            for index, block in enumerate(self._blocks):
                make = functools.partial(Slots, [specs[slot] for slot in block])
                about = ", ".join(dict.fromkeys(self.slot_tasks[slot] for slot in block))
                self.members.append(_worker(make, index, about) if workers else Here(make))
            self._send("spaces")
            observation_space, action_space, self._layers = self._collect()[0]
            super().__init__(len(specs), observation_space, action_space)
        except BaseException:
            self.close()
            raise
        if seed is not None:
            self.seed(seed)

    def reset(self) -> np.ndarray:
        """Start an episode in every slot, with the seeds and options that were set for it."""
        self._stepping = False
        self._send("reset", self._seeds, self._options)
        answers = self._collect()
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = list(chain.from_iterable(infos for _, infos in answers))
        return np.concatenate([observations for observations, _ in answers])

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Give slot i the seed + i at the next reset; None draws one."""
        if seed is not None:
            seed_range(seed, self.num_envs)
        return super().seed(seed)

    def set_options(self, options: Any = None) -> None:
        """Options of the next reset: one dict for all slots, or a list of one each."""
        of_type("options", options, list | dict | None, "a dict, or a list of one a slot")
        super().set_options(options)

    def step_async(self, actions: np.ndarray) -> None:
        """Send each worker the actions of its slots. Shape: (n_envs, n_actions)."""
        actions = numeric("actions", actions, "see env.action_space")
        if actions.shape[:1] != (self.num_envs,):
            raise InputError(
                f"actions of {len(actions) if actions.ndim else 0} slots; expected {self.num_envs}; pass one "
                "row a slot"
            )
        if self._stepping:
            raise InputError("step_async came twice; expected step_wait between; call step(actions)")
        self._send("step", actions)
        self._stepping = True

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Observations, rewards, whether each episode ended, and infos."""
        if not self._stepping:
            raise InputError("step_wait came without step_async; expected that first; call step(actions)")
        self._stepping = False
        answers = self._collect()
        for block, (*_, resets) in zip(self._blocks, answers, strict=True):
            for slot, info in resets.items():
                self.reset_infos[block[slot]] = info
        observations, rewards, dones, infos, _ = zip(*answers, strict=True)
        return (
            np.concatenate(observations),
            np.concatenate(rewards),
            np.concatenate(dones),
            list(chain.from_iterable(infos)),
        )

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of each slot's outermost layer that has it."""
        return self._of_slots("call", indices, "get_wrapper_attr", attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute in each slot's outermost layer that has it."""
        self._of_slots("call", indices, "set_wrapper_attr", attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any):
        """Call a method of each slot's outermost layer that has it."""
        return self._of_slots("call_layer", indices, method_name, method_args, method_kwargs)

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Whether each slot has such a layer; SB3's Monitor counts, because its infos are there."""
        if wrapper_class is Monitor:
            return [True for _ in self._get_indices(indices)]
        return self._of_slots("is_wrapped", indices, wrapper_class)

    def get_images(self) -> list[np.ndarray | None]:
        """A picture of every slot."""
        return self._of_slots("call", None, "render")

    def get_state(self) -> dict[str, Any]:
        """Everything that decides how the slots go on, in plain arrays, numbers and dicts."""
        self._send("get_state")
        states = list(chain.from_iterable(self._collect()))
        return {"slots": states, "seeds": list(self._seeds), "options": list(self._options)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`, bit for bit, with any number of workers.

        Raises:
            InputError: if the state is of another number of slots, of other tasks or layers.
        """
        if not isinstance(state, dict) or not isinstance(state.get("slots"), list):
            raise InputError("state is of no vector environment; expected what its get_state gave; take that")
        if len(state["slots"]) != self.num_envs:
            raise InputError(
                f"state of {len(state['slots'])} slots; expected {self.num_envs}; make as many as it has"
            )
        self._send("set_state", state["slots"])
        self._collect()
        self._seeds = list(state["seeds"])
        self._options = list(state["options"])

    def describe(self) -> str:
        """The slots of each task, and the layers of the first one."""
        counts = ", ".join(f"{name} {count}" for name, count in Counter(self.slot_tasks).items())
        lines = [self._layers, f"{'slots':<18} {self.num_envs}: {counts}"]
        for member, block in zip(self.members, self._blocks, strict=True):
            lines.append(f"{'':<18} {len(block)} in {member.name}")
        return "\n".join(lines)

    def close(self) -> None:
        """End the workers, whatever they are doing; closing again does nothing."""
        self._ending()

    def _send(self, name: str, *of_slots: Sequence[Any] | np.ndarray) -> None:
        """Ask every member, giving it its own part of what there is one of for each slot."""
        self._check_open()
        for member, block in zip(self.members, self._blocks, strict=True):
            part = slice(block.start, block.stop)
            member.send(name, *(values[part] for values in of_slots))

    def _check_open(self) -> None:
        if not self._ending.alive:
            raise SimulationError("the environments are closed; expected open ones; call make_vec_env again")

    def __reduce__(self) -> Any:
        """Refuse to be copied: processes cannot be."""
        raise InputError(
            "a vector environment cannot be copied or pickled; expected its get_state(); make another and "
            "give that to its set_state"
        )

    def _collect(self) -> list[Any]:
        return [member.receive() for member in self.members]

    def _of_slots(self, name: str, indices: Any, *arguments: Any) -> list[Any]:
        self._check_open()
        wanted = [range(self.num_envs)[index] for index in self._get_indices(indices)]
        parts = [[slot for slot in block if slot in wanted] for block in self._blocks]
        for member, block, part in zip(self.members, self._blocks, parts, strict=True):
            member.send(name, [slot - block.start for slot in part], *arguments)
        found = dict(zip(chain.from_iterable(parts), chain.from_iterable(self._collect()), strict=True))
        return [found[slot] for slot in wanted]


def _worker(make: Callable[[], Slots], index: int, tasks: str) -> Worker:
    # SB3 asks environments for attributes that they may not have, and expects AttributeError.
    return Worker(make, index, remedy=_REMEDY, about=tasks, passes=(AttributeError,), limit=STEP_LIMIT)
