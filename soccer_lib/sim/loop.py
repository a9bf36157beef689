"""Many physics steps in one call: the compiled loop bound to a simulation, or nothing where it cannot run."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import mujoco
import numpy as np


class StepLoop:
    def __init__(self, sim: Any, trail: Any = None) -> None:
        from soccer_lib.sim import compiled as c
        self.c=c; self.sim=sim
        model,data=sim.model,sim.data
        lib=next(Path(mujoco.__file__).parent.glob("libmujoco*"))
        step=ctypes.cast(ctypes.CDLL(str(lib)).mj_step,ctypes.c_void_p).value
        rules={"goalie_penalty_kick":c.GOALIE,"obstacle_penalty_kick":c.OBSTACLE,"penalty_kick":c.PENALTY,"kick_to_target":c.TARGET,"goal_keeper":c.KEEPER}
        task=rules[sim.task.name]
        places=np.zeros(15,np.int64)
        places[c.TASK]=task; places[c.BALL]=sim._ball_id; places[c.IMU]=sim._imu_id; places[c.BALL_GEOM]=sim._ball_geom
        j=[model.joint(n) for n in sim.stock.robots[0].robot_joints]
        places[c.JOINT_POS]=j[0].qposadr[0]; places[c.JOINT_VEL]=j[0].dofadr[0]
        places[c.CTRL]=model.actuator(sim.stock.robots[0].robot_actuators[0]).id
        places[c.BALL_VEL]=model.joint("env:ball").dofadr[0]; places[c.LAST_STEP]=sim.task.max_steps
        if task==c.GOALIE:
            ks=[model.joint(f"goalkeeper_team_{k}_joint") for k in (0,1)]
            places[c.KEEPER_POS:c.KEEPER_POS+2]=[k.qposadr[0] for k in ks]
            places[c.KEEPER_VEL:c.KEEPER_VEL+2]=[k.dofadr[0] for k in ks]
        bodies=[int(model.site(n).bodyid[0]) for n in ("ball","robot_0:imu")]
        places[c.TRAIL_FROM],places[c.TRAIL_TO]=min(bodies),max(bodies)+1
        groups=np.zeros((2,model.ngeom),np.uint8); groups[0,list(sim._robot_geoms)]=1
        if task==c.GOALIE: groups[1,list(sim._blocker)]=1
        if task==c.OBSTACLE: groups[1,list(sim._blockers)]=1
        path=np.zeros((1,3))
        if task==c.GOALIE:
            path=np.zeros((sim.task.max_steps+1,3)); time=0.0
            for row in path:
                row[0]=time; row[1:]=sim._keeper_at(time); time+=model.opt.timestep
        from soccer_lib.sim.binding import BLOW_UPS
        self.counters=np.zeros(11,np.int64); self.distance=np.zeros(1); self.trail=trail
        self.numbers=np.zeros(14); self.goal=np.zeros(3); self.velocity=np.zeros(6)
        notes=trail._notes if trail else np.zeros((0,1)); self.trail_state=np.zeros(4,np.int64); self.trail_state[0]=trail is not None
        self.scene=c.Scene(np.array([step,model._address if hasattr(model,"_address") else 0,data._address],np.int64),data.qpos,data.qvel,data.ctrl,data.site_xpos,data.xmat,data.sensordata,data.warning.number,np.array(BLOW_UPS,np.int64),places,self.numbers,groups,self.goal,self.velocity,path,self.counters,self.distance,notes,self.trail_state)
        self.bind_episode()
    def bind_episode(self):
        c,sim,n=self.c,self.sim,self.numbers
        n[c.LENGTH],n[c.WIDTH]=sim._field["length"],sim._field["width"]; n[c.HEIGHT]=sim._min_height; n[c.REACH]=sim._ball_reach**2
        t=sim.task.name
        if t=="obstacle_penalty_kick": n[c.RADIUS]=sim.goal_radius; self.goal[:]=sim._target
        if t=="kick_to_target": n[c.RADIUS]=sim.target_radius; self.goal[:]=sim._goal_pos
        if hasattr(sim,"_blocker_x"): n[c.BLOCKER_X]=sim._blocker_x; n[c.BLOCKER_REACH]=sim._blocker_reach
        if hasattr(sim,"_goal_box"):
            b=sim._goal_box; n[c.BOX:]=[*b.x,*b.y,b.top]
        if t=="goal_keeper": n[c.HOLD]=sim.hold_steps; self.velocity[:]=sim._ball_velocity
        if self.trail: n[c.STILL]=self.trail._still_square
    def run(self,target,kp,kd,limit,n_steps,tape):
        c,sim,k=self.c,self.sim,self.counters
        k[c.STEPS]=sim.n_steps; k[c.UNSTABLE]=sim.unstable
        if hasattr(sim,"ball_hits"): k[c.TOUCHING]=sim._touching; k[c.HITS]=sim.ball_hits
        if hasattr(sim,"robot_contact"): k[c.CONTACT]=sim.robot_contact; k[c.HELD]=sim.time_after_contact
        if self.trail: s=self.trail_state; tr=self.trail; s[1:]=tr._count,tr._still,tr._gap
        taken,verdict,to_note=c.run_steps(self.scene,target,kp,kd,limit,n_steps,tape)
        sim.n_steps=int(k[c.STEPS]); sim._measured=0; sim.unstable=bool(k[c.UNSTABLE])
        if verdict==c.UNDECIDED: over=sim._referee()
        else:
            sim.success,sim.offside,sim.blocked,sim.fallen,sim.conceded=(bool(k[x]) for x in (c.SUCCESS,c.OFFSIDE,c.BLOCKED,c.FALLEN,c.CONCEDED))
            if hasattr(sim,"ball_hits"): sim._touching,sim.ball_hits=bool(k[c.TOUCHING]),int(k[c.HITS])
            if hasattr(sim,"robot_contact"): sim.robot_contact,sim.time_after_contact=bool(k[c.CONTACT]),int(k[c.HELD])
            if hasattr(sim,"target_distance"): sim.target_distance=float(self.distance[0])
            over=verdict==c.OVER
        sim.terminated=over; sim.truncated=sim.n_steps>=sim.task.max_steps or sim.unstable
        if self.trail:
            tr._count,tr._still,tr._gap=int(s[1]),bool(s[2]),bool(s[3])
            if to_note: tr.note()
        over=over or sim.truncated
        if taken<n_steps and not over:
            more,over=self.run(target,kp,kd,limit,n_steps-taken,tape[taken:])
            taken+=more
        return taken, over
