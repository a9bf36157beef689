"""What the compiled loop reads and writes: records of plain numbers, and the addresses of MuJoCo's arrays."""

from __future__ import annotations

import numpy as np

from soccer_lib.compiled.ufuncs import LOOPS

GOALIE, OBSTACLE, PENALTY, TARGET, KEEPER = range(5)
"""Tasks, by the rules that judge them."""

RUNNING, OVER, UNDECIDED = range(3)
"""How a step left the episode: it goes on; it is over; a limit was too near to tell, and the Python rules
judge this step anew."""

TERMS = 8
"""Reward terms of a task, at most."""

ROBOT, BLOCKERS = range(2)
"""Groups of geoms: rows of `SCENE.groups`."""

ADDRESSES = ("step", "jacobian", "model", "data", "stage", "warmstart")
ARRAYS = ("qpos", "qvel", "ctrl", "site_xpos", "xmat", "sensordata", "warnings")
BUFFERS = ("groups", "keeper_path", "notes", "marks", "tape", "scratch", "kept", "walker_result")
SEEN = ("velocities", "seen", "raw", "raw_entries", "team_one_hot", "defender_xpos", "ends", "origins")
"""What `Readings` fills and reads, by the names that it has there."""

SIZES = ("qpos", "qvel", "sensordata", "geoms", "bodies", "sites", "weights", "raw_entries")

SCENE = np.dtype(
    [
        *((name, np.intp) for name in (*ADDRESSES, *ARRAYS, *BUFFERS, *SEEN)),
        *((name, np.intp, (2,)) for name in LOOPS),
        *((f"n_{name}", np.intp) for name in SIZES),
        ("task", np.intp),
        ("last_step", np.intp),  # the time limit
        ("blow_ups", np.intp, (6,)),  # MuJoCo's warnings that end an episode
        ("ball", np.intp),  # sites
        ("imu", np.intp),
        ("ball_geom", np.intp),
        ("joint_pos", np.intp),  # first entries in qpos, qvel, ctrl
        ("joint_vel", np.intp),
        ("torque", np.intp),
        ("ball_vel", np.intp),
        ("keeper_pos", np.intp, (2,)),
        ("keeper_vel", np.intp, (2,)),
        ("trail_from", np.intp),  # bodies whose axes the ball's trail copies
        ("trail_to", np.intp),
        ("inertial", np.intp, (9,)),  # entries of sensordata that are seen
        ("pays", np.intp),  # whether the stock rewards of all steps are added up
        ("note_rows", np.intp),  # room in the trail, 0 without one
        ("note_width", np.intp),
        ("length", np.float64),  # half of the field [m]
        ("width", np.float64),
        ("height", np.float64),  # lowest trunk [m]
        ("reach_square", np.float64),  # of the robot [m2]
        ("radius", np.float64),  # of the target [m]
        ("blocker_x", np.float64),
        ("blocker_reach", np.float64),
        ("hold", np.float64),  # steps to keep a ball out
        ("margin", np.float64),  # a distance nearer to its limit is left to the Python rules [m]
        ("still_square", np.float64),  # slower turns of the ball are not noted [rad2/s2]
        ("goal", np.float64, (3,)),  # the point that the ball has to reach [m]
        ("box", np.float64, (5,)),  # of the goal: low and high x, low and high y, top [m]
        ("goal_normal", np.float64, (3,)),  # the ball's speed along it is paid
        ("weights", np.float64, (TERMS,)),  # of the reward terms, of which only the first ones are paid
        ("ball_velocity", np.float64, (6,)),  # of a ball that moves by itself
        ("follows", np.intp),  # whether `target` is joint targets [rad] or the torques themselves [N m]
        ("walks", np.intp),  # whether the walker sets the target every 20 ms
        ("walker", np.intp, (5,)),  # addresses of `step_walker` and of its four records
        ("target", np.float32, (12,)),
        ("kp", np.float32, (12,)),
        ("kd", np.float32, (12,)),
        ("limit", np.float32, (12,)),
    ],
    align=True,
)
"""What a run reads: where things are, and the numbers of the task's rules."""

VERDICT = np.dtype(
    [
        ("n_steps", np.int64),
        ("unstable", np.bool_),
        ("fallen", np.bool_),
        ("offside", np.bool_),
        ("success", np.bool_),
        ("blocked", np.bool_),
        ("conceded", np.bool_),
        ("touching", np.bool_),
        ("robot_contact", np.bool_),
        ("ball_hits", np.int64),
        ("time_after_contact", np.int64),
        ("target_distance", np.float64),
        ("ruling", np.int64),
        ("to_note", np.int64),  # the last step has still to be noted in the trail
        ("terms", np.float64, (TERMS,)),  # of the last step, in the stock order
        ("reward", np.float64),  # the stock rewards of all steps, if they are paid
    ],
    align=True,
)
"""What the referee has counted and seen, by the names that it has in the simulations."""
