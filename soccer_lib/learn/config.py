"""Settings of a training run: flags of `train`, parameters of a notebook and record of the run in one."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from typing import Annotated, Any, Literal

import tyro

from soccer_lib.errors import InputError, known_name
from soccer_lib.formats.settings import ENDINGS, settings_text
from soccer_lib.learn.presets import ALGORITHMS, PRESETS, PRESETS_OF_ALGORITHM
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.seeds import TUNING, training_seeds
from soccer_lib.tasks import tasks_named
from soccer_lib.variation import read_curriculum, read_ranges
from soccer_lib.wrappers import CONTROLS, OBSERVATIONS, REWARDS
from soccer_lib.wrappers.multitask import task_shares
from soccer_lib.wrappers.rewards import GAMMA, parse_weights, read_weights

SEED_BASE = 100_000
"""Run seed s trains on environment seeds from this + 1000 s on."""

LOUD = 0.1
"""Noise from which on whoever starts from a clone is warned."""

_COUNT = Range(1, 10**9, whole=True)


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Train an agent. What is not given comes from the preset, then from the algorithm's own defaults."""

    save_dir: Annotated[str, tyro.conf.arg(aliases=["--checkpoint-dir"])] = "runs/train"
    """run folder: policies, metrics, progress [path]"""
    preset: str = ""
    """settings that go together: scratch (from nothing in minutes) or finetune (from a clone)"""
    algo: Literal["", "td3", "ppo", "sac"] = ""
    """algorithm; by default the preset's, else td3"""
    tasks: tuple[str, ...] = ("all",)
    """tasks to train on, with commas or blanks between; all stands for the three of the competition"""
    env: str = ""
    """a task by its gym id, in place of --tasks"""
    second_env: str = ""
    """another one beside it, by its gym id"""
    task_weights: str = ""
    """how many of the environments play a task, as name=weight,...; a task without a weight counts 1"""
    reward_scale: str | None = None
    """what rewards of a task are multiplied by while learning, as name=factor,...; 1 without"""
    refusal_cost: Annotated[float | None, Range(0, 100)] = None
    """what a kick out of reach costs while learning, after the scale of the task; PPO draws none there if
    observations are not normalised, and for it this weighs the cross-entropy of walking"""
    control: Literal["torque", "joint", "command"] = "command"
    """control interface: what an action means"""
    observation: Literal["", "raw", "full", "robot", "agent"] = ""
    """what the agent sees; by default agent with commands, else robot"""
    hide: bool | None = None
    """keep joints, inertial sensors and the last command from an agent that gives commands"""
    hold: Annotated[int | None, Range(1, 5000, whole=True)] = None
    """physics steps of 2 ms that a command lasts; by default as long as those of --bc-weights, else 50"""
    reward_profile: str = ""
    """what is paid: env, competition, competition-dense, pressure_shot, tight, shaped or guided; by default
    the preset's, else shaped"""
    reward_weights: str = ""
    """weights of reward terms over those of the profile: name=weight,... or a TOML or JSON file; audited
    before the run begins"""
    curriculum: str = ""
    """levels that success leads through, of starts, targets and opponents: a TOML or JSON file [path]"""
    randomise: str = ""
    """ranges that each episode draws from, of body, motors, senses, actions, starts and pushes: a TOML or
    JSON file, or JSON text; in place of the preset's, '{"gait_phase": [0, 1]}' in finetune [path]"""
    total_timesteps: Annotated[int | None, _COUNT, tyro.conf.arg(aliases=["--timesteps"])] = None
    """env steps of the whole run, over all environments [count]"""
    n_envs: Annotated[int | None, Range(1, 4096, whole=True)] = None
    """environments that step together [count]"""
    workers: Annotated[int | None, Range(0, 256, whole=True)] = None
    """processes that simulate; 0 simulates in this one; one a core by default"""
    seed: Annotated[int, Range(0, 400, whole=True)] = 0
    """seed of weights, batches and exploration; environments start from 100,000 + 1,000 times it"""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """where to train"""
    net_arch: str | None = None
    """widths of the actor's hidden layers; the critic has the same unless a clone brings its own actor"""
    lr: Annotated[float | None, Range(0, 1, above=True), tyro.conf.arg(aliases=["--learning-rate"])] = None
    """learning rate of the actor"""
    critic_lr: Annotated[float | None, Range(0, 1, above=True)] = None
    """learning rate of the critic; by default the actor's"""
    lr_left: Annotated[float | None, Range(0, 1)] = None
    """share of the learning rate that is left at the end of the run; it falls evenly, PPO's critic's too"""
    gamma: Annotated[float | None, Range(0, 1, above=True)] = None
    """discount of an env step that lasts its full hold; 0.99 command, 0.998 joint, 0.9998 torque"""
    batch_size: Annotated[int | None, Range(2, 10**6, whole=True)] = None
    """samples in a gradient step [count]"""
    n_steps: Annotated[int | None, _COUNT] = None
    """PPO: env steps of each environment between two updates [count]"""
    n_epochs: Annotated[int | None, Range(1, 1000, whole=True)] = None
    """PPO: passes over what was collected [count]"""
    gae_lambda: Annotated[float | None, Range(0, 1)] = None
    """PPO: lambda of the advantage estimate"""
    clip_range: Annotated[float | None, Range(0, 10, above=True)] = None
    """PPO: how far the ratio of new to old probability may leave 1 before it is clipped"""
    ent_coef: str | None = None
    """weight of the entropy; in SAC also auto, or auto_0.1 for where it begins"""
    ent_coef_min: Annotated[float | None, Range(0, 10)] = None
    """SAC: least weight of the entropy where it is auto"""
    buffer_size: Annotated[int | None, _COUNT] = None
    """TD3, SAC: transitions that are kept [count]"""
    learning_starts: Annotated[int | None, Range(0, 10**9, whole=True)] = None
    """TD3, SAC: env steps before the first update; random actions, or those of a clone [count]"""
    update_ratio: Annotated[float | None, Range(0, 64, above=True)] = None
    """TD3, SAC: gradient steps for each env step"""
    tau: Annotated[float | None, Range(0, 1, above=True)] = None
    """TD3, SAC: how far targets follow in a gradient step"""
    n_critics: Annotated[int | None, Range(1, 16, whole=True)] = None
    """TD3, SAC: critics, of which targets believe the lowest [count]"""
    policy_delay: Annotated[int | None, Range(1, 1000, whole=True)] = None
    """TD3: gradient steps of the critics for each of the actor [count]"""
    target_policy_noise: Annotated[float | None, Range(0, 10)] = None
    """TD3: spread of the noise on walking actions in targets; kicks stay as they are"""
    target_noise_clip: Annotated[float | None, Range(0, 10)] = None
    """TD3: largest such noise"""
    precision: Literal["float32", "bfloat16"] = "float32"
    """TD3, SAC: what critics multiply in; bfloat16 is faster on a CPU or GPU that has it"""
    freeze_bc_layers: Annotated[int, Range(0, 100, whole=True)] = 0
    """hidden layers of a clone's actor, from the first, that do not learn [count]"""
    freeze_until_step: Annotated[int, Range(0, 10**9, whole=True)] = 0
    """env step at which they begin to learn; 0 for never [count]"""
    bc_replay_dataset: str = ""
    """TD3, SAC: demonstrations that are played again into the buffer before the run [path]"""
    bc_replay_fraction: Annotated[float, Range(0, 1)] = 0.1
    """TD3, SAC: share of the buffer that they may fill"""
    action_noise_sigma: Annotated[float | None, Range(0, 10)] = None
    """spread of the noise on walking commands or actions; PPO, and SAC from a clone, learn it from here on"""
    kick_share: Annotated[float | None, Range(0, 1)] = None
    """with commands: how often exploration asks for a kick; with PPO only how often at first"""
    kick_entropy: Annotated[float | None, Range(0, 10)] = None
    """PPO with commands: weight of the entropy among the kicks: which one, if any"""
    kick_from: Annotated[tuple[float, ...] | None, Range(0, 1)] = None
    """PPO with commands: shares of all kicks beyond which the agent kicks where nothing is drawn; each
    evaluation tries all and keeps the best"""
    bc_weights: Annotated[str, tyro.conf.arg(aliases=["--pretrained-path"])] = ""
    """start from this policy: a run folder of bc or train, or its file [path]"""
    anchor: Annotated[float | None, Range(0, 1000)] = None
    """pull toward the policy that was started from: weight of the divergence (KL) in PPO, of the squared
    distance of actions against the mean Q in TD3 and SAC"""
    anchor_decay: Annotated[float | None, Range(0, 1)] = None
    """share of the run after which the anchor has faded to 0; 0 keeps it as it is"""
    critic_first: Annotated[float | None, Range(0, 1)] = None
    """share of the variance of returns that the critic has to explain before the actor learns; 0: at once"""
    critic_memory: Annotated[int | None, Range(0, 1000, whole=True)] = None
    """PPO: rollouts that the critic goes on learning from, the newest among them; 0 for none [count]"""
    normalize_obs: bool = False
    """normalise observations by their running mean and spread, clipped at 10, beside the fixed scales"""
    vecnormalize_path: str = ""
    """normalise observations by these numbers, which stay as they are (npz: mean, var) [path]"""
    eval_freq: Annotated[int | None, Range(0, 10**9, whole=True)] = None
    """env steps between two official evaluations; 0 evaluates only at the end [count]"""
    eval_episodes: Annotated[int, Range(1, 20, whole=True)] = 2
    """starts of the controller for each seed and task in an evaluation [count]"""
    eval_seeds: tuple[int, ...] = (0, 1, 2, 3)
    """seeds that evaluations play, of 0 to 199"""
    final_episodes: Annotated[int, Range(1, 10_000, whole=True)] = 120
    """fresh episodes, over all tasks, that choose the best of the top three [count]"""
    use_wandb: bool = False
    """log to Weights & Biases too (pip install '.[wandb]'); without a network it logs into the run folder"""
    write_legacy: bool = False
    """also write files under older names: <algo>_final_model.zip and .pt, vecnormalize.pkl, and
    checkpoints/<algo>_checkpoint_N_steps.zip"""
    checkpoint_interval: Annotated[int, _COUNT] = 5_000
    """env steps between two checkpoints; PPO waits for the end of its rollout [count]"""
    resume: bool = False
    """go on with the run in --save-dir, which has to be there; the same command does so without it too"""
    on_red_flag: Literal["say", "roll-back", "stop"] = "say"
    """what a red flag does: it is told; the run returns to its best evaluation so far; the run ends"""
    log_interval: Annotated[int, _COUNT] = 1
    """updates between two lines of metrics [count]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if self.preset:
            known_name("preset", self.preset, PRESETS)
        known_name("reward profile", self.reward_profile or "shaped", REWARDS)
        if self.second_env and not self.env:
            raise InputError(
                f"--second-env {self.second_env} came without --env; expected both, or --tasks; use --tasks"
            )
        if self.env:
            names = tuple(filter(None, (self.env, self.second_env)))
            object.__setattr__(self, "tasks", tuple(task.name for task in tasks_named(names)))
        task_shares(tasks_named(",".join(self.tasks)), parse_weights(self.task_weights))
        read_weights(self.reward_weights)
        if self.curriculum:
            read_curriculum(self.curriculum)
        read_ranges(self.randomise or {})
        for task, factor in parse_weights(self.reward_scale or "").items():
            tasks_named(task)
            Range(0, above=True).number(f"--reward-scale of {task}", factor, "try 1")
        if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", (self.net_arch or "64").replace(" ", "")):
            raise InputError(f"--net-arch got {self.net_arch!r}; expected widths with commas; try 128,128")
        for seed in self.eval_seeds:
            Range(TUNING[0], TUNING[-1], whole=True).number("--eval-seeds", seed, "try 0 1 2 3")
        training_seeds(self.env_seed, self.n_envs or 1)
        if not re.fullmatch(r"(auto(_\d*\.?\d+)?|\d*\.?\d+(e-?\d+)?)", self.ent_coef or "0"):
            raise InputError(f"--ent-coef got {self.ent_coef!r}; expected a number or auto; try 0.01")
        if self.preset == "finetune" and not self.bc_weights:
            raise InputError(
                "--preset finetune came without --bc-weights; expected a policy to start from; make one "
                "with: bc"
            )

    @property
    def env_seed(self) -> int:
        """Seed of the first environment."""
        return SEED_BASE + 1000 * self.seed

    @property
    def widths(self) -> list[int]:
        """Hidden widths as numbers."""
        return [int(width) for width in (self.net_arch or "").split(",") if width]

    def resolved(self) -> TrainConfig:
        """The same, every open setting filled in by the preset, else the algorithm, else the control."""
        preset = PRESETS[self.preset] if self.preset else {}
        algo = self.algo or str(preset.get("algo", "td3"))
        by_control = {
            "observation": "agent" if self.control == "command" else "robot",
            "gamma": GAMMA[self.control],
            "hide": self.control == "command",
            "reward_profile": "shaped",
        }
        of_both = PRESETS_OF_ALGORITHM.get((self.preset, algo), {})
        chosen = {**by_control, **ALGORITHMS[algo], **preset, **of_both, "algo": algo}
        if self.control != "command":
            chosen = {name: chosen[name] for name in chosen.keys() - {"hold", "randomise"}}  # of commands
        open_fields = {
            field.name
            for field in dataclasses.fields(self)
            if field.name in chosen and getattr(self, field.name) in (None, "")
        }
        filled = dataclasses.replace(self, **{name: chosen[name] for name in open_fields})
        # The run's record keeps what its files said when it began.
        contents: dict[str, Any] = {
            name: settings_text(getattr(self, name), "--" + name.replace("_", "-"))
            for name in ("reward_weights", "curriculum", "randomise")
            if getattr(self, name).endswith(ENDINGS)
        }
        return dataclasses.replace(filled, critic_lr=filled.critic_lr or filled.lr, **contents)


def warn_of_choices(config: TrainConfig) -> None:
    """Print what hardly anybody intends."""
    if config.bc_weights and (config.action_noise_sigma or 0.0) >= LOUD:
        print_progress(
            f"--action-noise-sigma {config.action_noise_sigma} from a clone: 0.1 on its commands cost 18 of "
            "its 38 points, through walking; 0.03 keeps nearly all of them, finetune takes 0.075"
        )
    total = config.total_timesteps or 0
    if config.algo != "ppo" and (config.learning_starts or 0) >= total:
        print_progress(f"--learning-starts {config.learning_starts}: nothing is learned; try {total // 5}")


def check_choices(config: TrainConfig) -> None:
    """Refuse pairs of settings that make no run.

    Raises:
        InputError: an observation of another size for each task, or flags of another control.
    """
    known_name("control", config.control, CONTROLS)
    known_name("observation", config.observation, OBSERVATIONS)
    if config.control != "command" and config.hold is not None:
        raise InputError(
            f"--hold {config.hold} came with --control {config.control}, whose actions have a length of "
            "their own; expected it with command; drop it"
        )
    if config.bc_weights and (config.normalize_obs or config.vecnormalize_path):
        raise InputError(
            "--normalize-obs came with --bc-weights, which bring the scales of their inputs; expected one of "
            "both; drop --normalize-obs"
        )
    if config.use_wandb and not importlib.util.find_spec("wandb"):
        raise InputError(
            "--use-wandb came and wandb is not installed; expected it; try: pip install '.[wandb]'"
        )
    if config.freeze_bc_layers and not config.bc_weights:
        raise InputError(
            f"--freeze-bc-layers {config.freeze_bc_layers} came without --bc-weights; expected a clone whose "
            "layers to freeze; name one, or drop it"
        )
    if config.algo == "ppo" and (config.ent_coef or "").startswith("auto"):
        raise InputError(f"--ent-coef {config.ent_coef} came with ppo; expected a number; try 0.01")
    if config.control != "command" and config.hide:
        raise InputError(
            f"--hide came with --control {config.control}, which needs its joints; expected it with command; "
            "drop it"
        )
