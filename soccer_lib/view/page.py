"""A page inside a notebook: a report, or a leaderboard."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any


def show_page(path: str | os.PathLike[str], height: int = 800) -> Any:
    """The page for the last line of a notebook cell, in a frame of its own; part of the notebook's HTML.

    Args:
        path: of a page that is whole in one file.
        height: of the frame [pixels].
    """
    from IPython.display import HTML

    content = html.escape(Path(path).read_text(encoding="utf-8"))
    style = f"width:100%;height:{height}px;border:1px solid #8884"
    # Sandboxed: what a page holds can neither run nor reach the notebook around it.
    return HTML(f'<div><iframe sandbox="" style="{style}" srcdoc="{content}"></iframe></div>')
