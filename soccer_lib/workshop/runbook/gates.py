"""Gates: floors under figures, refused when they can never pass, judged once their step is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError, known_name, unknown_name
from soccer_lib.ranges import Range, of_type
from soccer_lib.runs.files import load_record
from soccer_lib.workshop.runbook.steps import Gate

_KEYS = ("figure", "file", "at_least", "share", "of", "of_figure", "less", "try")
_NUMBER = Range()
_SHARE = Range(0, 2, above=True)
_LESS = Range(0)


@dataclass(frozen=True)
class Verdict:
    """What came of a gate.

    Attributes:
        gate: the gate.
        value: of its figure.
        floor: the least that passes.
    """

    gate: Gate
    value: float
    floor: float

    @property
    def passed(self) -> bool:
        """Whether the figure is not below the floor."""
        return self.value >= self.floor

    def __str__(self) -> str:
        beside = ""
        if self.gate.of is not None:
            beside = f" ({self.gate.share:.0%} of {self.gate.of_figure} in {self.gate.of}"
            beside += f", {self.gate.at_least:+g})" if self.gate.at_least else ")"
        return f"{self.gate.figure} {self.value:.4g}, at least {self.floor:.4g}{beside}"


def read_gate(
    entry: Mapping[str, Any], values: Mapping[str, str], fill: Callable[[str, Mapping[str, str]], str]
) -> Gate:
    """A gate from its table.

    Args:
        entry: the table.
        values: what names in braces stand for.
        fill: puts them in.

    Raises:
        InputError: an unknown key, no figure, no floor or two of them.
    """
    for key in entry:
        known_name("key of a gate", key, _KEYS)
    figure, file = (of_type(f"gate: {key}", entry.get(key), str, "text") for key in ("figure", "file"))
    remedy = of_type("gate: try", entry.get("try", Gate.remedy), str, "a line of text")
    if ("at_least" in entry) == ("of" in entry):
        raise InputError(f"gate of {figure}: expected at_least or of, one of them; try at_least = 20")
    if "of" not in entry:
        floor = _NUMBER.number(f"gate of {figure}: at_least", entry["at_least"])
        return Gate(figure, Path(fill(file, values)), floor, remedy=remedy)
    of = of_type("gate: of", entry["of"], str, "a JSON file")
    share = _SHARE.number(f"gate of {figure}: share", entry.get("share", 1.0))
    less = _LESS.number(f"gate of {figure}: less", entry.get("less", 0))
    other = of_type("gate: of_figure", entry.get("of_figure", figure), str, "the name of a figure")
    return Gate(figure, Path(fill(file, values)), -less, share, Path(fill(of, values)), other, remedy)


def check_gate(gate: Gate, known: Mapping[Path, dict[str, float] | None]) -> None:
    """Refuse a gate that can never pass.

    Args:
        gate: the gate.
        known: files that this step and those before it leave, each with the largest values of its figures, or
            None where they are not known.

    Raises:
        InputError: no such file or figure, or a floor above the largest value.
    """
    most = _most(gate.file, gate.figure, known)
    reference = 0.0
    if gate.of is not None:
        _most(gate.of, gate.of_figure, known)
        if not gate.of.is_file() or gate.of in known:
            return  # it is not known yet
        reference = figure_in(gate.of, gate.of_figure)
    floor = gate.floor(reference)
    if floor > most:
        raise InputError(
            f"the gate {gate} can never pass: the largest {gate.figure} is {most:g}; expected a floor up to "
            "that; lower it"
        )


def _most(file: Path, figure: str, known: Mapping[Path, dict[str, float] | None]) -> float:
    """The largest value that a figure can have."""
    if file not in known and not file.is_file():
        remedy = "name an output of this step or of one before it"
        raise unknown_name("file of a gate", str(file), [str(path) for path in known], remedy)
    figures = known.get(file)
    if figures is None:
        if file not in known:
            figure_in(file, figure)
        return math.inf
    if figure not in figures:
        raise unknown_name(f"figure of {file}", figure, figures)
    return figures[figure]


def judge_gate(gate: Gate) -> Verdict:
    """Compare a figure with its floor.

    Raises:
        InputError: a file or figure that is not there, or a share of a figure that is not above 0.
    """
    value = figure_in(gate.file, gate.figure)
    if gate.of is None:
        return Verdict(gate, value, gate.at_least)
    reference = figure_in(gate.of, gate.of_figure)
    if reference <= 0 and gate.share != 1:
        raise InputError(
            f"{gate.of_figure} in {gate.of} is {reference:g}; expected more than 0 to take a share of; use "
            "at_least in the gate"
        )
    return Verdict(gate, value, gate.floor(reference))


def figure_in(file: Path, name: str) -> float:
    """A figure of a JSON file.

    Raises:
        InputError: no such file or figure, or not a finite number.
    """
    record = load_record(file)
    numbers = [key for key, value in record.items() if isinstance(value, int | float)]
    if name not in record:
        raise unknown_name(f"figure of {file}", name, numbers)
    return float(_NUMBER.number(f"{name} in {file}", record[name], "run the step again"))
