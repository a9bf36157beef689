"""What every bench adds to its figures: the machine, the versions, and a JSON file if one was asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

from soccer_lib.runs import atomic_write_json, machine_record, version_record


def finish(config: Any, result: dict[str, Any]) -> None:
    """Write `result` with the settings, machine and versions to `config.json`, when that names a file.

    Raises:
        ResourceError: if the file cannot be written.
    """
    if not config.json:
        return
    settings = {key: value for key, value in dataclasses.asdict(config).items() if key != "json"}
    record = {**result, "config": settings, "machine": machine_record(), "versions": version_record()}
    atomic_write_json(config.json, record)
    print(f"wrote {config.json}")
