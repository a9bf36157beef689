"""Episodes to scores with intervals; recorded episodes, and their replay in the stock environment."""

from soccer_lib.evaluation.audit import Audit, audit_reward
from soccer_lib.evaluation.episode import Episode
from soccer_lib.evaluation.evaluator import evaluate
from soccer_lib.evaluation.play import play_episode
from soccer_lib.evaluation.record import read_record
from soccer_lib.evaluation.replay import replay, replay_table
from soccer_lib.evaluation.result import EvaluationResult

__all__ = [
    "Audit",
    "Episode",
    "EvaluationResult",
    "audit_reward",
    "evaluate",
    "play_episode",
    "read_record",
    "replay",
    "replay_table",
]
