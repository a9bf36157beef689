"""A policy that decides: walk, and how, or which kick.

Whether to kick is a choice of its own and no corner of a Gaussian: noise on walking neither asks for kicks
nor spoils them, and a gradient reaches each kick's share directly. With no kicks to choose from (torques,
joint targets) what is left is the plain Gaussian of PPO.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3.common.distributions import DiagGaussianDistribution
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import nn
from torch.distributions import Categorical

from soccer_lib.control.network import Layer, Network
from soccer_lib.learn.imitation.actor import INPUT_LIMIT, Actor
from soccer_lib.learn.reach import KickReach

KICK_CODE = 100.0
"""A decision to kick is stored as the signs of its pattern times this, far beyond any walking command."""

NEVER = -1e4
"""Logit of what cannot be."""


class HybridDistribution(DiagGaussianDistribution):
    """Walk with a Gaussian command, or one of the kicks; logits are relative to walking, whose logit is 0.

    A decision is one row of numbers, as buffers keep it: the walking command before it is clipped, or
    `KICK_CODE` times the pattern of a kick.

    Attributes:
        patterns: signs of the kicks. Shape: (n_kicks, n_actions).
    """

    def __init__(self, patterns: torch.Tensor) -> None:
        super().__init__(patterns.shape[1])
        self.patterns = patterns

    def proba_distribution(
        self, outputs: torch.Tensor, log_std: torch.Tensor, reach: torch.Tensor | None = None
    ) -> HybridDistribution:
        """Take on the outputs of an actor: means of the command, then logits of the kicks.

        Args:
            outputs: Shape: (n, n_actions + n_kicks).
            log_std: logarithm of the spread of walking commands. Shape: (n_actions,).
            reach: rows in which a kick can start; in the others none is drawn. Shape: (n,).
        """
        super().proba_distribution(outputs[:, : self.action_dim], log_std)
        self.patterns = self.patterns.to(outputs.device)
        self.logits = outputs[:, self.action_dim :]
        self.reach = reach
        self.modes = self._modes(self.logits)
        return self

    def _modes(self, logits: torch.Tensor) -> Categorical:
        """Shares of walking and of each kick, of which there are none out of reach."""
        possible = logits if self.reach is None else torch.where(self.reach[:, None], logits, NEVER)
        return Categorical(logits=_with_walking(possible))

    def refusals(self) -> torch.Tensor:
        """Cross-entropy of walking where no kick can start: what teaches the actor not to ask for one there.

        Shape: (n,); 0 within reach.
        """
        asked = torch.logsumexp(_with_walking(self.logits), dim=1)
        return torch.zeros_like(asked) if self.reach is None else torch.where(self.reach, 0.0, asked)

    def kick_entropy(self) -> torch.Tensor:
        """Entropy of which kick it would be if it kicked. Shape: (n,); 0 out of reach, and without kicks."""
        if not len(self.patterns):
            return torch.zeros(len(self.logits), device=self.logits.device)
        entropy: torch.Tensor = Categorical(logits=self.logits).entropy()
        return entropy if self.reach is None else torch.where(self.reach, entropy, 0.0)

    def kicks_kept(self, before: torch.Tensor) -> tuple[int, int]:
        """In how many rows the outputs `before` kick, and in how many of those the same kick is likeliest."""
        then = self._modes(before[:, self.action_dim :]).probs.argmax(dim=1)
        same = (then > 0) & (self.modes.probs.argmax(dim=1) == then)
        return int((then > 0).sum()), int(same.sum())

    def sample(self) -> torch.Tensor:
        """Draw decisions. Shape: (n, n_actions)."""
        return self._with_kicks(self.distribution.sample(), self.modes.sample())

    def mode(self) -> torch.Tensor:
        """What is done without drawing: the likeliest kick where all have more than half, else the mean."""
        kicks = self.logits.argmax(dim=1) + 1 if len(self.patterns) else 0
        walks = self.modes.probs[:, 0] >= 0.5
        return self._with_kicks(self.distribution.mean, torch.where(walks, 0, kicks))

    def _with_kicks(self, walks: torch.Tensor, modes: torch.Tensor) -> torch.Tensor:
        choices = torch.cat([torch.zeros_like(walks[:1]), KICK_CODE * self.patterns])
        return torch.where(modes[:, None] > 0, choices[modes], walks)

    def log_prob(self, actions: torch.Tensor) -> torch.Tensor:
        """Log-probability of decisions: of the mode, and of the command where it walks. Shape: (n,)."""
        modes = self.modes_of(actions)
        walked = (modes == 0).float()
        # The density of a command where it kicked is not asked for: 0, so that no NaN comes of 0 x infinity.
        commands = torch.where(modes[:, None] == 0, actions, self.distribution.mean.detach())
        return self.modes.log_prob(modes) + walked * self.distribution.log_prob(commands).sum(dim=1)

    def modes_of(self, actions: torch.Tensor) -> torch.Tensor:
        """Mode of each decision: 0 walks, k is the k-th kick. Shape: (n,)."""
        kicks = (actions[:, None, :] == KICK_CODE * self.patterns).all(dim=2)
        walks = ~kicks.any(dim=1, keepdim=True)
        return torch.cat([walks, kicks], dim=1).float().argmax(dim=1)

    def entropy(self) -> torch.Tensor:
        """Entropy of the mode, and of the command as often as it walks. Shape: (n,)."""
        walk = self.modes.probs[:, 0]
        return self.modes.entropy() + walk * self.distribution.entropy().sum(dim=1)

    def divergence(self, other: torch.Tensor) -> torch.Tensor:
        """KL divergence from what another actor's outputs say, at the same spread. Shape: (n,)."""
        before = self._modes(other[:, self.action_dim :])
        modes = torch.distributions.kl_divergence(self.modes, before)
        apart = (self.distribution.mean - other[:, : self.action_dim]) / self.distribution.stddev.detach()
        return modes + self.modes.probs[:, 0] * (apart**2).sum(dim=1) / 2


def _with_walking(logits: torch.Tensor) -> torch.Tensor:
    return torch.cat([logits.new_zeros(len(logits), 1), logits], dim=1)


def command_bound(n_kicks: int, n_actions: int) -> np.ndarray:
    """Largest entries of a walking action. Shape: (n_actions,), float32.

    With kicks one entry stays below their threshold of 0.8, so that walking asks for none: the sideways one,
    which the walker clips to 0.67 anyway.
    """
    bound = np.ones(n_actions, np.float32)
    if n_kicks:
        bound[1] = 0.75
    return bound


class DecisionNet(nn.Module):
    """An imitation `Actor` whose two outputs are one row: means of the command, logits of the kicks."""

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        self.actor = actor

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: (n, inputs) to (n, n_actions + n_kicks)."""
        return torch.cat(self.actor(rows), dim=1)

    def network(self, kick_from: float = 0.5, reach: KickReach | None = None) -> Network:
        """Decisions without drawing, in numpy: with 0.5 what `mode` chooses, as a command.

        Args:
            reach: where a kick can start; elsewhere none is asked for, as none was drawn.
            kick_from: share of all kicks together beyond which the likeliest of them is chosen. An agent that
                kicks at every third command at the ball never does where one half is asked for.
        """
        actor = self.actor
        n_kicks = len(actor.kicks)
        n_actions = actor.out.out_features
        if not n_kicks:
            return actor.network()
        # Up to the last hidden layer: there and behind it the kicks come in, and no tanh follows.
        layers = actor.network().layers[:-4]
        # A logit passes the ReLU as two halves, above and below 0.
        hidden = {
            "weight": torch.cat([actor.last.weight, actor.kick.weight, -actor.kick.weight]),
            "bias": torch.cat([actor.last.bias, actor.kick.bias, -actor.kick.bias]),
        }
        halves = torch.cat([torch.eye(n_kicks), -torch.eye(n_kicks)], dim=1)
        out = {
            "weight": torch.block_diag(actor.out.weight.detach().cpu(), halves),
            "bias": torch.cat([actor.out.bias.detach().cpu(), torch.zeros(n_kicks)]),
        }
        choice = {
            "patterns": actor.kicks,
            "bound": command_bound(n_kicks, n_actions),
            "kick_from": np.array(kick_from),
        }
        if reach is not None:
            choice["reach"] = reach.limits
        end: list[Layer] = [("linear", _arrays(hidden)), ("relu", {}), ("linear", _arrays(out))]
        return Network([*layers, *end, ("kick_or_walk", _arrays(choice))])


def _arrays(tensors: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(torch.as_tensor(tensor).detach().cpu()) for name, tensor in tensors.items()}


class Trunks(nn.Module):
    """What stands before the heads in SB3's policy: nothing for the actor, scaled layers for the critic."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, mean: torch.Tensor, std: torch.Tensor, widths: list[int]) -> None:
        super().__init__()
        self.latent_dim_pi = len(mean)
        self.latent_dim_vf = widths[-1]
        self.register_buffer("mean", mean.clone())
        self.register_buffer("std", std.clone())
        sizes = [len(mean), *widths]
        layers: list[nn.Module] = []
        for before, after in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.value = nn.Sequential(*layers)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """For actor and critic."""
        return features, self.forward_critic(features)

    def forward_actor(self, features: torch.Tensor) -> torch.Tensor:
        """For the actor, which scales its input itself."""
        return features

    def forward_critic(self, features: torch.Tensor) -> torch.Tensor:
        """For the critic, on the actor's scales."""
        return self.value(((features - self.mean) / self.std).clamp(-INPUT_LIMIT, INPUT_LIMIT))


class HybridPolicy(ActorCriticPolicy):
    """SB3's actor-critic policy with an imitation `Actor` that decides between walking and kicks.

    Args:
        actor: means of the walking command, and logits of the kicks.
        value_widths: hidden widths of the critic.
        critic_lr: its learning rate.
        ent_coef: weight of the entropy in `evaluate_actions`, whose bonus PPO adds with weight 1.
        reach: tells the rows in which a kick can start; None where the observation does not tell.
        refusal_cost: weight of kicks that would be refused, in the same bonus.
        kick_entropy: weight of the entropy among the kicks, in the same bonus.
        sb3: arguments of SB3's policy.

    Attributes:
        anchor: weight of the divergence from `reference` in the bonus.
        reference: the actor that was started from; None where there is none.
        divergence: mean over the last batch; None without a reference.
        kicks_of_start, kicks_kept: of the rows seen since the last log, in how many the start kicked within
            reach, and in how many of those the same kick is still the likeliest decision.
    """

    action_dist: HybridDistribution

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        value_widths: list[int],
        critic_lr: float,
        ent_coef: float,
        reach: KickReach | None = None,
        refusal_cost: float = 0.0,
        kick_entropy: float = 0.0,
        **sb3: Any,
    ) -> None:
        # nn.Module takes modules only after its __init__, and SB3 builds its networks within it.
        self._parts = (actor, value_widths, critic_lr)
        self.ent_coef = ent_coef
        self.reach = reach
        self.refusal_cost = refusal_cost
        self.kick_entropy = kick_entropy
        self.anchor = 0.0
        self.reference: tuple[DecisionNet, ...] = ()  # in a tuple: not a part that learns or is saved
        self.divergence: float | None = None
        self.kicks_of_start = 0
        self.kicks_kept = 0
        super().__init__(*args, **sb3, ortho_init=False)  # type: ignore[misc]

    def _build_mlp_extractor(self) -> None:
        actor, widths, _ = self._parts
        self.mlp_extractor = Trunks(actor.mean, actor.std, widths)  # type: ignore[assignment]

    def _build(self, lr_schedule: Schedule) -> None:
        actor, _, critic_lr = self._parts
        self.action_dist = HybridDistribution(actor.kicks)
        super()._build(lr_schedule)
        self.decisions = DecisionNet(actor)
        self.action_net = self.decisions
        for layer in self.mlp_extractor.get_submodule("value").children():
            self.init_weights(layer, gain=2**0.5)
        # A clone's actor learns slowly beside a critic that has to keep up.
        groups = [
            {"params": self.actor_parameters(), "lr": lr_schedule(1), "initial_lr": lr_schedule(1)},
            {"params": self.critic_parameters(), "lr": critic_lr, "initial_lr": critic_lr},
        ]
        self.optimizer = self.optimizer_class(groups, **self.optimizer_kwargs)

    def _get_action_dist_from_latent(self, latent_pi: torch.Tensor) -> HybridDistribution:
        # What stands before the actor changes nothing, so this is the observation itself.
        reach = self.reach(latent_pi) if self.reach else None
        return self.action_dist.proba_distribution(self.action_net(latent_pi), self.log_std, reach)

    def network(self, kick_from: float = 0.5) -> Network:
        """Decisions without drawing, in numpy; see `DecisionNet.network`."""
        return self.decisions.network(kick_from, self.reach)

    def actor_parameters(self) -> list[nn.Parameter]:
        """What decides."""
        return [*self.action_net.parameters(), self.log_std]

    def critic_parameters(self) -> list[nn.Parameter]:
        """What judges."""
        return [*self.mlp_extractor.parameters(), *self.value_net.parameters()]

    @property
    def squash_output(self) -> bool:
        """SB3 then asks `unscale_action` for what the environment is to do."""
        return True

    def unscale_action(self, scaled_action: np.ndarray) -> np.ndarray:
        """Decisions to actions of the environment: exact patterns, or clipped walking. Shape: (n, 3)."""
        patterns = self.action_dist.patterns
        bound = command_bound(*patterns.shape)
        kicks = (np.abs(scaled_action) == KICK_CODE).all(axis=1, keepdims=True)
        return np.where(kicks, np.sign(scaled_action), np.clip(scaled_action, -bound, bound))

    def evaluate_actions(
        self, obs: PyTorchObs, actions: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Values, log-probabilities, and what is added to the objective: entropy, less the divergence."""
        values, log_prob, entropy = super().evaluate_actions(obs, actions)
        assert entropy is not None
        bonus = self.ent_coef * entropy - self.refusal_cost * self.action_dist.refusals()
        bonus = bonus + self.kick_entropy * self.action_dist.kick_entropy()
        if self.reference:
            with torch.no_grad():
                before = self.reference[0](obs)
            divergence = self.action_dist.divergence(before)
            self.divergence = float(divergence.detach().mean())
            of_start, kept = self.action_dist.kicks_kept(before)
            self.kicks_of_start += of_start
            self.kicks_kept += kept
            bonus = bonus - self.anchor * divergence
        return values, log_prob, bonus
