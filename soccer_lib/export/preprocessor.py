"""`preprocessor.py` of a submission: the library's own modules, the agent's numbers, and what joins them."""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass, field

import numpy as np

from soccer_lib.control import OwnWalker, load_walker
from soccer_lib.control.kicks import load_kicks
from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.export.bundle import STAND_INS, Bundle, Reference, bindings, identifier
from soccer_lib.policies.baselines import Random, Stand, WalkAtBall, Zero
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.policies.policy import Policy
from soccer_lib.policies.striker import Striker
from soccer_lib.tasks import COMMAND_STEPS, WALKER_STEPS

NETWORK = "soccer_lib.control.network"
PILOT = "soccer_lib.export.pilot"
CREW = ("soccer_lib.export.crew", "Crew")

RESULTS = ("twelve torques", "what the model's network sees")

_HEAD = '''"""An agent of the Booster Soccer Workbook as a preprocessor for the competition's client.

Made by: python -m soccer_lib export. It needs nothing but numpy, which the client calls np. The functions
marked as modules are the library's own source without comments; the last one makes the agent of its numbers.
"""


class Preprocessor:
    """Turns stock observations into {result}."""

    def __init__(self):
        self.crew = agent.crew

    def modify_state(self, obs, info):
        """Shapes: (n, width) or (width,) to (n, outputs)."""
        return self.crew.modify_state(obs, info)


class Module:
    """Names of one module."""

    def __init__(self, names):
        self.__dict__.update(names)


def module(make):
    """A function that returns its names becomes what holds them."""
    return Module(make())


'''


@dataclass
class Recipe:
    """What an agent is made of once more on the other side.

    Attributes:
        name: of the agent.
        control: its control interface.
        roots: what of the library it needs.
        lines: how its policy and its pilots are made there.
        arrays: its numbers.
        network: what stays in the model; None where that is the identity.
    """

    name: str
    control: str
    roots: list[Reference] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    network: Network | None = None

    def named(self, module: str, name: str) -> str:
        """Ask for a name of the library; returns how it is called in the text."""
        self.roots.append((module, name))
        return f"{identifier(module)}.{name}"

    def stored(self, name: str, array: np.ndarray) -> str:
        """Store an array; returns how it is called in the text."""
        self.arrays[name] = np.array(array, order="C")
        return f"arrays[{name!r}]"

    def layers(self, name: str, network: Network) -> str:
        """Store a network's layers; returns what makes it."""
        known = exported_layers()
        odd = sorted({kind for kind, _ in network.layers} - known)
        if odd:
            raise InputError(
                f"{self.name} has layers that cannot be exported: {', '.join(odd)}; expected some of "
                f"{', '.join(sorted(known))}; train it with another activation"
            )
        parts = []
        for index, (kind, arrays) in enumerate(network.layers):
            stored = [
                f"{key!r}: {self.stored(f'{name}.{index}.{key}', array)}"
                for key, array in sorted(arrays.items())
            ]
            parts.append(f"({kind!r}, {{{', '.join(stored)}}})")
        return f"{self.named(NETWORK, 'Network')}([{', '.join(parts)}])"

    def text(self) -> str:
        """The whole preprocessor."""
        unpack = self.named(STAND_INS, "unpacked")
        parts = list(self.arrays.values())
        table = [(name, part.dtype.str, part.shape) for name, part in zip(self.arrays, parts, strict=True)]
        content = b"".join(part.tobytes() for part in parts)
        content += bytes(-len(content) % 3)  # base64 without a padding of its own
        data = textwrap.fill(base64.b64encode(content).decode(), 110)
        body = [f"arrays = {unpack}(DATA, {table!r})", *self.lines, "return locals()"]
        head = _HEAD.format(result=RESULTS[self.network is not None])
        agent = "\n".join(f"    {line}" for line in body)
        library = Bundle(self.roots, ["modify_state"]).text()
        return f'{head}{library}\n\n\nDATA = """\n{data}\n"""\n\n\n@module\ndef agent():\n{agent}\n'


def recipe_of(policy: Policy) -> Recipe:
    """How a policy is exported.

    Raises:
        InputError: it cannot be.
    """
    spec = policy.spec
    recipe = Recipe(spec.name, spec.control)
    _add_policy(recipe, policy)
    in_model = recipe.network is not None
    if in_model:
        pilot = recipe.named(PILOT, "ObservingPilot")
        hold = WALKER_STEPS if spec.control == "joint" else 1
        recipe.lines.append(f"make_pilot = lambda: {pilot}(policy, {hold})")
    elif spec.control == "command":
        _add_walker(recipe, policy)
    else:
        pilot = recipe.named(PILOT, "TorquePilot")
        recipe.lines.append(f"make_pilot = lambda: {pilot}(policy)")
    crew = recipe.named(*CREW)
    recipe.lines.append(f"crew = {crew}(make_pilot, {in_model}, {in_model and spec.control == 'joint'})")
    return recipe


def _add_policy(recipe: Recipe, policy: Policy) -> None:
    kind = type(policy)
    name = recipe.name
    if isinstance(policy, LearnedPolicy):
        _add_learned(recipe, policy)
    elif isinstance(policy, Striker):
        made = recipe.named(kind.__module__, "Striker")
        recipe.lines.append(f"policy = {made}({policy.style!r}, {policy.aim_y!r}, {policy.wait!r})")
    elif kind in (Zero, Stand, WalkAtBall):
        recipe.lines.append(f"policy = {recipe.named(kind.__module__, kind.__name__)}()")
    elif kind is Random:
        raise InputError(
            f"{name} draws from the episode's seed, which the client does not tell; expected an agent that "
            "only looks; try stand"
        )
    else:
        raise InputError(
            f"{name} is code of its own and cannot be exported; expected a named agent or a learned one; "
            "train or clone one"
        )


def _add_learned(recipe: Recipe, policy: LearnedPolicy) -> None:
    network = policy.network
    if not isinstance(network, Network):
        raise InputError(
            f"{recipe.name} runs in a runtime of its own and cannot be exported; expected a network of "
            "layers; try convert, and export what it writes"
        )
    spec = recipe.named(STAND_INS, "BareSpec")
    # The name stays here: it comes from a folder's, and belongs into no code.
    spec_text = f"{spec}('agent', {policy.spec.control!r}, {policy.spec.observation!r})"
    if policy.spec.observation == "raw":
        raise InputError(
            f"{recipe.name} sees the stock observation of {network.inputs} entries, which only one task has; "
            "expected an observation of all tasks; train it with --observation full, robot or agent"
        )
    if policy.spec.control == "command":
        made = recipe.named(type(policy).__module__, "LearnedPolicy")
        recipe.lines.append(f"policy = {made}({recipe.layers('policy', network)}, {spec_text})")
    else:
        recipe.network = network
        made = recipe.named(STAND_INS, "BarePolicy")
        recipe.lines += [f"policy = {made}()", f"policy.spec = {spec_text}"]


def _add_walker(recipe: Recipe, policy: Policy) -> None:
    """Walker, kicks and their pilot."""
    spec = policy.spec
    walker = load_walker(spec.walker or "own")
    if not isinstance(walker, OwnWalker):
        raise InputError(
            f"{recipe.name} walks with {walker.name!r}; expected a walker of our own kind, whose source goes "
            "along; export it with walker 'own'"
        )
    parameters = recipe.named("soccer_lib.control.gait", "GaitParameters")
    made = recipe.named("soccer_lib.control.walker", "OwnWalker")
    network = "None" if walker.network is None else recipe.layers("walker", walker.network)
    limits = recipe.stored("walker.limits", walker.limits)
    gait = recipe.stored("walker.gait", walker.gait.p.vector())
    kick = recipe.named("soccer_lib.control.kicks", "Kick")
    kicks = recipe.named(STAND_INS, "KICKS")
    strike = recipe.named("soccer_lib.control.strike", "Strike")
    pilot = recipe.named(PILOT, "CommandPilot")
    recipe.lines = [
        *_kick_lines(recipe, kicks, kick),
        *recipe.lines,
        f"gait = {parameters}.of({gait})",
        f"network = {network}",
        f"make_walker = lambda: {made}(gait, network, limits={limits})",
        f"make_pilot = lambda: {pilot}(policy, {strike}, make_walker(), {spec.hold or COMMAND_STEPS})",
    ]


def _kick_lines(recipe: Recipe, kicks: str, kick: str) -> list[str]:
    lines = []
    for name, one in load_kicks().items():
        values = []
        for key, array in one.arrays().items():
            short = key.partition(".")[2]
            stored = recipe.stored(key, array)
            values.append(f"{short}={stored}" if array.ndim else f"{short}={float(array)!r}")
        lines.append(f"{kicks}[{name!r}] = {kick}({name!r}, {', '.join(values)})")
    return lines


def exported_layers() -> set[str]:
    """Kinds of layers that need nothing but numpy."""
    [table] = bindings(NETWORK)["LAYERS"]
    return {key.value for key in table.value.keys}  # type: ignore[attr-defined]
