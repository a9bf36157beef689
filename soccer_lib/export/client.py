"""Runs a submission with the competition's own client; started by path in that client's environment.

Called as `python client.py JOB RESULT`: JOB is a JSON file that says what to play, RESULT gets the scores. It
stands alone: the client's environment has no soccer_lib. Nothing here needs a network.
"""

from __future__ import annotations

import json
import sys

EVALUATION = '''
def evaluation_fn(env, eval_state):
    """The official score: weighted reward terms of the last step, and a constant."""
    terms = env.compute_reward()
    if not (eval_state.get("terminated") or eval_state.get("truncated")):
        return 0.0, eval_state
    terms = {**terms, "steps": 1.0}
    return sum(weight * float(terms[name]) for name, weight in WEIGHTS.items()), eval_state
'''


def run(job: dict) -> list[dict]:
    """Play all batches of all tasks; returns one entry an episode."""
    from sai_rl.benchmark import benchmark
    from sai_rl.env.environment import make_env_factory
    from sai_rl.model import ModelManager
    from sai_rl.types import TaskType

    # Seeds count up, as those of `evaluate`; the client would draw them from the first.
    benchmark.get_match_seed = lambda master, index: master + index
    episodes = []
    for index, task in enumerate(job["tasks"]):
        package = {"id": "sai-mujoco", "name": "sai_mujoco", "version": "0.1.30"}
        environment = {
            "id": task["gym_id"],
            "name": task["name"],
            "gymId": f"sai_mujoco:{task['gym_id']}",
            "type": "gymnasium",
            "actionType": "continuous",
            "package": package,
        }
        kind = TaskType(
            environment=environment,
            evaluationFn=f"WEIGHTS = {task['weights']!r}\n{EVALUATION}",
            index=index,
            totalTaskCount=len(job["tasks"]),
        )
        factory = make_env_factory(kind, use_custom_eval=True, competition_id="offline")
        env = factory()
        manager = ModelManager(
            env=env,
            model=job["model"],
            preprocessor_class=job["preprocessor"],
            action_function=job["action_function"],
        )
        env.close()
        seed = job["seed"]
        for size in job["batches"]:
            # The client plays as many robots at once as there are cores.
            benchmark.mp.cpu_count = lambda size=size: size
            results, _, seeds = benchmark.run_benchmark(factory, manager.get_action, num_envs=size, seed=seed)
            for one, result in zip(seeds, results, strict=True):
                episodes.append({"task": task["name"], "seed": one, "batch": size, "score": result["score"]})
            seed += size
            print(f"client: {task['name']}, {seed - job['seed']} episodes", flush=True)
    return episodes


if __name__ == "__main__":
    with open(sys.argv[1]) as stream:
        found = run(json.load(stream))
    with open(sys.argv[2], "w") as stream:
        json.dump(found, stream)
