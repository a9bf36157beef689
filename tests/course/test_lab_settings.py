"""What `make lab` sets in JupyterLab: names that this JupyterLab knows, with values that they take."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jsonschema

from soccer_lib.runs.folder import CHECKOUT

SHARE = Path(sys.prefix) / "share/jupyter"


def lab_settings() -> dict:
    """The variable of the Makefile, its lines joined."""
    makefile = (CHECKOUT / "Makefile").read_text()
    (text,) = re.findall(r"^LAB_SETTINGS := ((?:.*\\\n)*.*)$", makefile, re.M)
    return json.loads(text.replace("\\\n", " "))


def schema_of(plugin: str) -> dict:
    """What a plugin says of its settings; those of extensions lie beside them."""
    extension, name = plugin.split(":")
    places = (SHARE / "lab/schemas", SHARE / "labextensions" / extension / "schemas")
    (file,) = [
        place / extension / f"{name}.json"
        for place in places
        if (place / extension / f"{name}.json").is_file()
    ]
    return json.loads(file.read_text())


def test_jupyterlab_knows_every_setting():
    settings = lab_settings()
    assert settings["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": True}
    for plugin, values in settings.items():
        schema = schema_of(plugin)
        assert values.keys() <= schema["properties"].keys(), plugin
        jsonschema.validate(values, schema)
