"""Predictions: a number written down before the result shows, and how near it was."""

from __future__ import annotations

from soccer_lib.course.checks.wording import shown
from soccer_lib.errors import InputError


def reveal(what: str, measured: float, guess: float | None, unit: str = "") -> str:
    """Say what was measured, and beside it what was predicted.

    Args:
        what: was predicted, such as "share of the kicks that are found".
        measured: the result.
        guess: the prediction; None for none.
        unit: of both, such as "m"; "%" shows shares as percentages.

    Raises:
        InputError: the prediction is no number.
    """
    if guess is None:
        return f"{what}: {_with_unit(measured, unit)} (no prediction was written down)"
    try:
        number = float(guess)
    except (TypeError, ValueError):
        raise InputError(
            f"the prediction is {shown(guess)}; expected a number or None; try {shown(float(measured))}"
        ) from None
    return f"{what}: {_with_unit(measured, unit)}; you predicted {_with_unit(number, unit)}"


def _with_unit(number: float, unit: str) -> str:
    if unit == "%":
        return f"{number:.0%}"
    return f"{number:.3g} {unit}".strip()
