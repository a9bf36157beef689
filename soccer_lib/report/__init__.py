"""Pages for whoever was not there: the report of a comparison, and the leaderboard; each is one file."""

from soccer_lib.report.board import write_board
from soccer_lib.report.comparison import write_report

__all__ = ["write_board", "write_report"]
