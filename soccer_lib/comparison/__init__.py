"""Several agents on the same episodes: verdicts, failures, robustness, and boards of result files."""

from soccer_lib.comparison.compare import AgentComparison, compare_agents

__all__ = ["AgentComparison", "compare_agents"]
