"""What a lesson's prose claims, bound to the numbers that it rests on.

Beside a notebook `NN_name.ipynb` stands `claims/NN_name.toml`:

```
facts = ["500 times a second"]       # numbers of the contract, of a definition, of arithmetic: no measurement

[[claim]]
text = "four of five episodes"       # words of the lesson
key = "plain: episodes with a kick"  # a figure of the run's summary.json ("minutes" is the runner's own)
low = 0.7                            # where it has to lie; one of the two may be left out
high = 0.9
presets = ["fast"]                   # in which runs; by default fast and full

[[claim]]
text = "two rounds gain nothing that 15 clones could tell"
study = "dagger"                     # a figure of data/curves/bc_dagger.json instead: see study_figures
key = "2 - 0, low"
high = 0
```

Every number in the prose, and every word of `QUANTITIES`, has to lie within a claim or a fact.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import nbformat

from soccer_lib.control.weights import DATA
from soccer_lib.course.curves import study_figures
from soccer_lib.errors import InputError, one_line
from soccer_lib.runs.files import load_json

QUANTITIES = "most half halves third thirds quarter quarters fifth tenth twice double doubles triple".split()
"""Words that claim an amount as a number does; "at most" claims none."""

# In this order: what is cut out of the prose before its numbers are looked for.
_NO_PROSE = (
    r"```.*?```",
    r"\$\$.*?\$\$",
    r"\$[^$\n]+\$",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"<[^>]*>",
    r"(?m)^#+ \d+",  # numbers of sections,
    r"(?m)^ *\d+\.(?= )",  # of a list,
    r"\b(?:Exercise|Open task) \d+",
    r"\b(?:[Ll]essons?|[Ss]ections?) \d+(?:(?:,| and| to) \d+)*",
    r"\d+ minutes, \d of 5",  # effort and difficulty of an exercise
    r"\b\d{2} (?=[A-Z])",  # a lesson's title
    r"\bat most\b",
    r"\((?:[^()]*\b(?:19|20)\d\d)\)|\b(?:19|20)\d\d\b",  # years of papers
)
_AMOUNT = re.compile(rf"\d[\d.,:]*\d|\d|\b(?:{'|'.join(QUANTITIES)})\b", re.I)


@dataclass(frozen=True)
class Claim:
    """Words of a lesson, and the figure that has to bear them out.

    Attributes:
        text: the words.
        key: name of the figure.
        low: smallest value for which the words are true.
        high: largest one.
        study: name of a committed study; empty for the run's own summary.
        presets: runs in which it has to hold.
    """

    text: str
    key: str
    low: float = float("-inf")
    high: float = float("inf")
    study: str = ""
    presets: tuple[str, ...] = ("fast", "full")

    def parts_from(self, figures: Mapping[str, Any]) -> str:
        """One line where words and figure part; empty where they agree."""
        value = figures.get(self.key)
        where = f"the lesson says {self.text!r}; {self.key}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{where} is {'not there' if value is None else repr(value)}; expected a number"
        if not self.low <= value <= self.high:
            return f"{where} is {value:.4g}; expected {self.low:g} to {self.high:g}"
        return ""


@dataclass(frozen=True)
class Claims:
    """All that a lesson's prose claims.

    Attributes:
        claims: each with its figure.
        facts: words with numbers that are no measurement.
    """

    claims: tuple[Claim, ...] = ()
    facts: tuple[str, ...] = ()

    def parted(self, summary: Mapping[str, Any], preset: str) -> list[str]:
        """One line for each claim on a run's summary that the run does not bear out."""
        own = [claim for claim in self.claims if not claim.study and preset in claim.presets]
        return [line for line in (claim.parts_from(summary) for claim in own) if line]

    def parted_from_studies(self, folder: Path = DATA / "curves") -> list[str]:
        """One line for each claim on a committed study that it does not bear out."""
        names = {claim.study for claim in self.claims if claim.study}
        figures = {name: study_figures(load_json(folder / f"bc_{name}.json")) for name in names}
        lines = (claim.parts_from(figures[claim.study]) for claim in self.claims if claim.study)
        return [line for line in lines if line]

    def unbound(self, prose: str) -> list[str]:
        """Where claims and prose do not fit: words that are not there, amounts that nothing binds."""
        prose = _cleaned(prose)
        texts = [_cleaned(text) for text in (*self.facts, *(claim.text for claim in self.claims))]
        lines = [f"the lesson does not say {text!r}" for text in texts if text not in prose]
        spans = [span for text in texts for span in _places(text, prose)]
        for amount in _AMOUNT.finditer(prose):
            if not any(start <= amount.start() and amount.end() <= end for start, end in spans):
                around = prose[max(0, amount.start() - 40) : amount.end() + 30]
                lines.append(f"nothing binds {amount[0]!r} in '...{around}...'")
        return lines


def claims_file(notebook: Path) -> Path:
    """Where the claims of a notebook stand."""
    return notebook.parent / "claims" / f"{notebook.stem}.toml"


def read_claims(notebook: Path) -> Claims:
    """The claims of a notebook; none where it has no such file.

    Raises:
        InputError: the file is not as described in the module.
    """
    file = claims_file(notebook)
    if not file.is_file():
        return Claims()
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
        entries = [
            {**entry, "presets": tuple(entry.get("presets", Claim.presets))} for entry in record["claim"]
        ]
        return Claims(tuple(Claim(**entry) for entry in entries), tuple(record.get("facts", ())))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        known = ", ".join(field.name for field in fields(Claim))
        raise InputError(
            f"{file}: {one_line(error, 120)}; expected facts and [[claim]] tables of {known}; see "
            "soccer_lib/course/claims.py"
        ) from error


def prose_of(notebook: Path) -> str:
    """All markdown cells of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def _cleaned(text: str) -> str:
    """Prose without code, formulas, links, emphasis and numbering, on one line."""
    for pattern in _NO_PROSE:
        text = re.sub(pattern, " ", text, flags=re.S)
    return " ".join(text.replace("*", "").split())


def _places(text: str, prose: str) -> Iterator[tuple[int, int]]:
    """Where a text stands in the prose."""
    start = prose.find(text)
    while start >= 0:
        yield start, start + len(text)
        start = prose.find(text, start + 1)
