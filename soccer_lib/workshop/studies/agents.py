"""The kinds of agents that studies of training compare, and what they are tested under."""

from __future__ import annotations

from typing import Any

from soccer_lib.runs.files import to_plain

PROFILES = ("shaped", "env", "competition", "competition-dense", "guided")

LEVELS = {"levels": [{"start_distance": [0.5, 0.8]}, {"start_distance": [0.8, 1.5]}, {}], "window": 10}
"""Nearer starts first."""

RANGES = {"mass": [0.8, 1.2], "friction": [0.5, 1.0], "motor_strength": [0.8, 1.1], "push": [0.0, 0.5]}
RANGES |= {"joint_offset": [-0.03, 0.03], "noise": [0.0, 0.05], "delay": [0.0, 0.1]}
"""What the randomised kind meets in training."""

FACTORS_TESTED = {"mass": 1.2, "friction": 0.5, "motor_strength": 0.8, "push": 0.5, "joint_offset": 0.03}
FACTORS_TESTED |= {"noise": 0.05, "delay": 0.1}
"""Factor -> the value that agents are tested under, one at a time."""

COMMAND_NOISE = {"action_noise": 0.05}
"""What agents from a clone are tested under, beside undisturbed episodes."""

# For runs of 10,000 commands: the preset's own TD3 waits longer than that for its critic.
_GENTLE: dict[str, Any] = {"preset": "finetune", "algo": "td3", "learning_starts": 2_000, "critic_first": 0.6}
_GENTLE |= {"lr": 1e-5, "anchor": 90.0, "n_critics": 2, "tau": 0.005, "kick_share": 0.05}
_GENTLE |= {"action_noise_sigma": 0.03, "target_policy_noise": 0.2, "target_noise_clip": 0.5}

# A critic that remembers lets the actor be slower, nearer to free and less shaken, for longer.
_REMEMBERING: dict[str, Any] = {"preset": "finetune", "critic_memory": 20, "lr": 3e-5, "anchor": 0.005}
_REMEMBERING |= {"action_noise_sigma": 0.05}

KINDS: dict[str, dict[str, dict[str, Any]]] = {
    "rewards": {name: {"preset": "scratch", "reward_profile": name} for name in PROFILES},
    "rewards_from_clone": {
        name: {"preset": "finetune", "reward_profile": name}
        for name in ("competition", "competition-dense", "shaped", "env")
    },
    "curriculum": {
        "stock starts": {"preset": "scratch"},
        "curriculum": {"preset": "scratch", "curriculum": to_plain(LEVELS)},
    },
    "randomised": {
        "nominal": {"preset": "finetune"},
        "randomised": {"preset": "finetune", "randomise": to_plain(RANGES)},
    },
    "networks": {
        "128, 128": {"preset": "scratch"},
        "256": {"preset": "scratch", "net_arch": "256"},
        "512, 256, 128, 64": {"preset": "scratch", "net_arch": "512,256,128,64"},
    },
    "tuned": {"ppo": {"preset": "finetune"}},
    "tuned_weak": {"ppo": {"preset": "finetune"}},
    "hindsight": {"ppo, then hindsight": _REMEMBERING},
    "tuned_td3": {"td3": {"preset": "finetune", "algo": "td3"}},
    "tuned_sac": {"sac": {"preset": "finetune", "algo": "sac"}},
    "cures": {
        "all cures": _GENTLE,
        "noise 0.1": _GENTLE | {"action_noise_sigma": 0.1},
        "actor at 3e-4": _GENTLE | {"lr": 3e-4},
        "no anchor": _GENTLE | {"anchor": 0.0},
        "critic not first": _GENTLE | {"critic_first": 0.0},
        "and a layer frozen": _GENTLE | {"freeze_bc_layers": 1},
        "and demonstrations in the buffer": _GENTLE | {"bc_replay_dataset": "data/demos/striker.npz"},
        "no cure": {"algo": "td3", "net_arch": "256,256", "learning_starts": 2_000},
    },
}
"""Study -> kind -> settings of its runs."""

BESIDE_CLONE = ("tuned", "tuned_weak", "hindsight", "tuned_td3", "tuned_sac", "cures")
"""Studies whose agents play the same episodes as their clone, undisturbed and under `COMMAND_NOISE`."""


def needs_clone(study: str) -> bool:
    """Whether agents of a study go on from a clone."""
    return study in BESIDE_CLONE or any(kind["preset"] == "finetune" for kind in KINDS[study].values())
