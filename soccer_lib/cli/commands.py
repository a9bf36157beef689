"""The commands, in the order of a newcomer's needs: where each lies, and a line on it."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "evaluate": (
        "soccer_lib.cli.evaluate:EvaluateConfig:main",
        "Play episodes with a policy and score them as the competition does.",
    ),
    "replay": (
        "soccer_lib.cli.replay:ReplayConfig:main",
        "Step recorded torques again and compare the scores; --stock steps the stock environment.",
    ),
    "compare": (
        "soccer_lib.cli.compare:CompareConfig:main",
        "Let agents play the same episodes: who is better, by how much, and where each fails.",
    ),
    "film": (
        "soccer_lib.cli.film:FilmConfig:main",
        "Play one episode of an agent again, and film it.",
    ),
    "leaderboard": (
        "soccer_lib.cli.leaderboard:LeaderboardConfig:main",
        "Rank the results of runs and of others, each checked by replay where its record is there.",
    ),
    "dataset": (
        "soccer_lib.cli.dataset:DatasetConfig:main",
        "Build a dataset from motion clips, or with --from POLICY by letting it play.",
    ),
    "walker train": (
        "soccer_lib.workshop.walker.train:WalkerTrainConfig:main",
        "Train the walker: gait search, then a residual network; run again to continue.",
    ),
    "bc": (
        "soccer_lib.cli.bc:BCConfig:main",
        "Clone demonstrations into a policy; --dagger-rounds lets an expert correct it.",
    ),
    "offline": (
        "soccer_lib.cli.offline:OfflineConfig:main",
        "Learn from recorded episodes of mixed quality and their rewards: iql, td3bc, cql, or plain bc.",
    ),
    "train": (
        "soccer_lib.cli.train:TrainConfig:main",
        "Train an agent by reinforcement: --preset scratch from nothing, finetune from a clone.",
    ),
    "stages": (
        "soccer_lib.cli.stages:StagesConfig:main",
        "Train in stages, each from the best of the one before: overnight, or a file of yours.",
    ),
    "study training": (
        "soccer_lib.workshop.studies.training:TrainingStudyConfig:run_training_studies",
        "Make the curves of lessons 04 and 05: agents by reward, curriculum, network, algorithm, over seeds.",
    ),
    "study offline": (
        "soccer_lib.workshop.studies.offline:OfflineStudyConfig:run_offline_studies",
        "Compare ways to learn offline from good, mixed and noisy episodes; needs make offline.",
    ),
    "study": (
        "soccer_lib.workshop.studies:StudyConfig:run_studies",
        "Make the curves of lesson 03: clones by demonstrations, observation, kicks, corrections, epochs.",
    ),
    "sweep": (
        "soccer_lib.workshop.sweep.command:SweepConfig:main",
        "Try settings of train or bc in many short trials, by many workers; name the best on fresh seeds.",
    ),
    "export": (
        "soccer_lib.cli.export:ExportConfig:main",
        "Write an agent as a submission for the competition's client; --verify compares the scores.",
    ),
    "convert": (
        "soccer_lib.cli.convert:ConvertConfig:main",
        "Turn foreign weights (TorchScript, ONNX, state dict, SB3 zip, Flax) into a policy file.",
    ),
    "bench runbook": (
        "soccer_lib.workshop.bench.runbook:RunbookBenchConfig:main",
        "Kill a runbook at random moments: does it end with the files of an undisturbed one?",
    ),
    "runbook run": (
        "soccer_lib.workshop.runbook.run:RunbookConfig:main",
        "Run a file of steps from data to submission; what is done and unchanged is skipped.",
    ),
    "runbook show": (
        "soccer_lib.workshop.runbook.show:ShowConfig:main",
        "Say which steps of a runbook would run, and why; nothing is begun.",
    ),
    "inspect env": (
        "soccer_lib.cli.inspect_env:InspectEnvConfig:main",
        "Print an environment's layers, its observation entry by entry, and its reward terms.",
    ),
    "inspect clips": (
        "soccer_lib.cli.inspect_clips:InspectClipsConfig:main",
        "Show what motion clips hold: length, travel, speeds, limits, frames; replay them.",
    ),
    "inspect reward": (
        "soccer_lib.cli.inspect_reward:InspectRewardConfig:main",
        "Audit a reward: does it rank scripted behaviours as the official score does?",
    ),
    "inspect run": (
        "soccer_lib.cli.inspect_run:InspectRunConfig:main",
        "Say how far a training run is, what its figures are, and which red flags it shows.",
    ),
    "bench exact": (
        "soccer_lib.workshop.bench.exact:ExactBenchConfig:main",
        "Compare the fast simulation with the stock environment, bit for bit.",
    ),
    "bench env": (
        "soccer_lib.workshop.bench.env:EnvBenchConfig:main",
        "Measure how many times faster the fast environment is than the stock one.",
    ),
    "bench dataset": (
        "soccer_lib.workshop.bench.dataset:DatasetBenchConfig:main",
        "Measure how close collecting demonstrations comes to bare physics, on all cores.",
    ),
    "walker kick": (
        "soccer_lib.workshop.kicks.search:KickConfig:main",
        "Tune the kicks by CMA-ES; run again to continue.",
    ),
    "walker clips": (
        "soccer_lib.workshop.clips:ClipsConfig:main",
        "Record the project's own motion clips: walk, turn, strong shot, placed kick.",
    ),
    "bench walker": (
        "soccer_lib.workshop.bench.walker:WalkerBenchConfig:main",
        "Measure how well a walker follows commands, and how often it falls.",
    ),
    "bench kick": (
        "soccer_lib.workshop.bench.kick:KickBenchConfig:main",
        "Measure the kicks from real approaches: speed, direction, height, falls.",
    ),
    "bench striker": (
        "soccer_lib.workshop.bench.striker:StrikerBenchConfig:main",
        "Score the striker officially; show its balls' trails and success by start.",
    ),
    "bench train": (
        "soccer_lib.workshop.bench.train:TrainBenchConfig:main",
        "Measure how much faster training simulates and learns than the plain script.",
    ),
    "bench sweep": (
        "soccer_lib.workshop.bench.sweep:SweepBenchConfig:main",
        "Measure what pruning saves in a sweep, and kill its workers: is a trial lost or run twice?",
    ),
    "bench faults": (
        "soccer_lib.workshop.bench.faults:FaultBenchConfig:main",
        "Kill training runs at random moments: do they end as if they had been left alone?",
    ),
    "teleop": (
        "soccer_lib.course.teleop.command:TeleopConfig:main",
        "Drive the robot in a browser on this machine; what was driven can be replayed and cloned.",
    ),
    "genesis demo": (
        "soccer_lib.genesis.demo:GenesisDemoConfig:main",
        "Second simulator: let an arm reach for a few targets; film it or open a window.",
    ),
    "genesis train": (
        "soccer_lib.genesis.train:GenesisTrainConfig:main",
        "Second simulator: train an arm to reach, by PPO, SAC or TD3.",
    ),
    "genesis evaluate": (
        "soccer_lib.genesis.evaluate:GenesisEvaluateConfig:main",
        "Second simulator: let an arm reach for held-out targets.",
    ),
    "genesis tune": (
        "soccer_lib.genesis.tune:GenesisTuneConfig:main",
        "Second simulator: look for settings by Optuna; run again to continue.",
    ),
    "genesis study": (
        "soccer_lib.genesis.studies:GenesisStudyConfig:main",
        "Second simulator: make the results of its lessons, seed by seed; run again to continue.",
    ),
    "bench genesis": (
        "soccer_lib.genesis.bench:GenesisBenchConfig:main",
        "Measure how much faster many arms in one scene are than one.",
    ),
    "notebook": (
        "soccer_lib.course.runner:NotebookConfig:run_notebooks",
        "Run one notebook, or the whole course with --course, and write a summary page.",
    ),
}
"""Words of the command -> ("module:ConfigClass:function", one line for the list of commands).

The function takes the config and returns None or an exit code.
"""
