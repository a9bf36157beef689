"""The report of a comparison: whole in one file, escaped, and without a word to the console."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser

import pytest

from soccer_lib.comparison import compare_agents
from soccer_lib.errors import InputError
from soccer_lib.policies import load_policy
from soccer_lib.report import write_report
from soccer_lib.report.pages import check_page_name, embedded
from tests.support.browser import find_browser

EVIL = "<b onmouseover=\"alert('x')\">&amp;"


@pytest.fixture(scope="module")
def comparison():
    """Two agents that fall at once; one has a name that would be markup."""
    evil = load_policy("random")
    evil.spec = type(evil.spec)(EVIL)
    return compare_agents(
        ["zero", evil], "kick_to_target", 6, 10_000, robustness=1, workers=1, progress=False
    )


@pytest.fixture(scope="module")
def page(comparison, tmp_path_factory):
    return write_report(comparison, tmp_path_factory.mktemp("report"), films=1, progress=False)


class Links(HTMLParser):
    """Collects the addresses that a page loads, and the attributes of its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in ("src", "href", "poster") and value]


def read(page) -> Links:
    links = Links()
    links.feed(page.read_text())
    return links


def test_everything_is_inside(page):
    links = read(page)
    assert links.addresses and all(address.startswith("data:") for address in links.addresses)
    assert len(links.addresses) >= 5, "icon, scores, a map, a film, the balls of each agent"
    kinds = {address.partition(";")[0] for address in links.addresses}
    assert "data:image/png" in kinds and kinds & {"data:video/mp4", "data:image/gif"}
    assert "://" not in re.sub(r"data:[^\"]+", "", page.read_text())


def test_names_are_text_and_not_markup(page):
    text = page.read_text()
    assert "onmouseover" not in read(page).attributes
    assert "&lt;b onmouseover=&#34;alert(&#39;x&#39;)&#34;&gt;&amp;amp;" in text and EVIL not in text


def test_it_says_what_the_terminal_says(page, comparison):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text()))
    for words in (
        "Starts: official; 6 episodes of each task, seeds 10000 to 10005",
        "zero: fell before touch , 6 of 6 episodes.",
        "python -m soccer_lib film zero --task kick_to_target --seed 10000 --start 0",
        "friction 0.4",
        "What was compared, and how to do it again",
        comparison.contents["zero"],
    ):
        assert words in text, words


def test_a_name_that_is_no_page_is_refused():
    with pytest.raises(InputError, match=r"a.txt is not a page's name; expected one that ends in .html"):
        check_page_name("a.txt")
    check_page_name("A.HTML")


def test_an_embedded_file_is_its_base64():
    assert embedded(b"abc", "image/png") == "data:image/png;base64,YWJj"


def test_a_browser_has_nothing_to_complain_about(page, tmp_path):
    """Headless, with every host name unknown: the page draws, and the console stays empty."""
    shot = tmp_path / "page.png"
    done = subprocess.run(
        [
            find_browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1200,3000",
            f"--screenshot={shot}",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shot.is_file(), done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not console, console
