"""Files under older names, as old scripts call the trainer."""

from __future__ import annotations

import torch

from soccer_lib.cli.main import main

CALL = (
    "train --env LowerT1GoaliePenaltyKick-v0 --second-env LowerT1KickToTarget-v0 --control torque "
    "--timesteps 40 --checkpoint_interval 16 --device cpu --write-legacy --n-envs 2 --workers 0 --net-arch 8 "
    "--buffer-size 100 --eval-freq 0 --eval-seeds 0 --eval-episodes 1 --final-episodes 2 --normalize-obs"
)


def test_an_old_call_leaves_the_old_files(tmp_path, capsys):
    folder = tmp_path / "old"
    assert main([*CALL.split(), "--save_dir", str(folder)]) == 0, capsys.readouterr().err
    names = {path.name for path in folder.iterdir()}
    assert {"td3_final_model.zip", "td3_final_model.pt", "vecnormalize.pkl"} <= names
    checkpoints = sorted(path.name for path in (folder / "checkpoints").glob("*.zip"))
    assert checkpoints == ["td3_checkpoint_16_steps.zip", "td3_checkpoint_32_steps.zip"]
    weights = torch.load(folder / "td3_final_model.pt", weights_only=True)
    assert set(weights) == {"policy_state_dict", "actor_state_dict", "critic_state_dict"}
    # 12 torques at the end of the actor; two critics with one value each.
    assert weights["actor_state_dict"]["mu.2.weight"].shape == (12, 8)
    assert {"qf0.2.weight", "qf1.2.weight"} <= set(weights["critic_state_dict"])
