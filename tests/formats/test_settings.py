"""Settings from a file, from text, or as they are."""

from __future__ import annotations

import pytest

from soccer_lib.errors import InputError
from soccer_lib.formats.settings import read_settings, settings_text

TABLE = {"mass": [0.8, 1.2], "levels": [{"up": True}]}


def test_file_text_and_table_say_the_same(tmp_path):
    toml = tmp_path / "one.toml"
    toml.write_text("mass = [0.8, 1.2]\n[[levels]]\nup = true\n")
    json = tmp_path / "one.json"
    json.write_text(settings_text(TABLE, "x"))
    for source in (toml, str(toml), json, settings_text(toml, "x"), TABLE):
        assert read_settings(source, "x") == TABLE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.toml", "mass = [0.8", "cannot read"),
        ("a.json", "{", "cannot read"),
        ("a.json", "[1]", "a table of settings"),
        ("a.yaml", "", "ends in .toml or .json"),
        ("{'a': 1}", None, "no JSON"),
        ("missing.toml", None, "cannot read missing.toml"),
    ],
)
def test_what_is_no_table_is_refused_in_a_line(name, content, words, tmp_path):
    source = name
    if content is not None:
        source = str(tmp_path / name)
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as error:
        read_settings(source, "--curriculum")
    assert words in str(error.value) and "\n" not in str(error.value)
