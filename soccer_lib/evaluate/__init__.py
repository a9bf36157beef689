"""Episodes to scores with intervals; recorded episodes, and their replay in the stock environment.

The module can be called: `soccer_lib.evaluate(policy)` is `soccer_lib.evaluate.evaluate(policy)`.
"""

import sys
from types import ModuleType

from soccer_lib.evaluate.audit import Audit, audit_reward
from soccer_lib.evaluate.episode import Episode
from soccer_lib.evaluate.evaluator import EvaluateConfig, evaluate
from soccer_lib.evaluate.record import read_record
from soccer_lib.evaluate.replay import ReplayConfig, replay, replay_table, run_replay
from soccer_lib.evaluate.result import EvaluationResult

__all__ = [
    "Audit",
    "Episode",
    "EvaluateConfig",
    "EvaluationResult",
    "ReplayConfig",
    "audit_reward",
    "evaluate",
    "read_record",
    "replay",
    "replay_table",
    "run_replay",
]


class _CallableModule(ModuleType):
    """Python puts an imported submodule over the package's lazy name of the same word: let it be called."""

    def __call__(self, *args, **kwargs) -> EvaluationResult:
        return evaluate(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
