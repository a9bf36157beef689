"""The command `inspect env`: what an environment is made of and what stands where in its observation."""

from __future__ import annotations

from dataclasses import dataclass

from soccer_lib.envs.make import describe, layers, make_env
from soccer_lib.evaluation.result import aligned


@dataclass(frozen=True)
class InspectEnvConfig:
    """Print an environment's layers, observation table and first reward terms."""

    task: str = "goalie_penalty_kick"
    """Name of the task, or its gym id."""
    control: str = "torque"
    """torque, joint or command."""
    observation: str = "raw"
    """raw, full, robot or agent."""
    seed: int = 0
    """Seed of the reset whose values are shown."""


def main(config: InspectEnvConfig) -> None:
    """Print layers, the observation entry by entry, and the reward terms after the reset."""
    env = make_env(config.task, control=config.control, observation=config.observation)
    observation, info = env.reset(seed=config.seed)
    layout = next(layer.layout for layer in layers(env) if hasattr(layer, "layout"))
    print(describe(env))
    rows = [["field", "entries", "unit", "frame", "after the reset", "meaning"]]
    for field, row in zip(layout.fields, layout.table(), strict=True):
        values = " ".join(f"{value:.2f}" for value in observation[field.slice][:6])
        shown = values + (" ..." if field.size > 6 else "")
        rows.append([row["name"], row["entries"], row["unit"], row["frame"], shown, row["meaning"]])
    print("\n" + "\n".join(aligned(rows)))
    terms = [f"{name} {float(value):.3f}" for name, value in info["reward_terms"].items()]
    print("\nreward terms: " + ", ".join(terms))
