"""Trains d3rlpy's DiscreteCQL on prepared arrays, by its own loop. Runs in the peer's environment: no qnet in here.

python d3rlpy_worker.py JOB.npz WEIGHTS.npz

JOB holds observations (N, D), rows (T,) of the decisions to learn from and for each of them action, reward, follows
(row of observations, -1 = the incident ended) and interval (minutes), and the settings. WEIGHTS receives layer by layer
what each critic learnt, and the seconds that the updates took. d3rlpy discounts by gamma ** interval, so minutes can
be told to it; what it cannot be told is which actions exist in a state.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

import d3rlpy
import numpy as np
import torch
from d3rlpy.dataset import Episode, InfiniteBuffer, ReplayBuffer, Transition
from d3rlpy.logging import NoopAdapterFactory


@dataclass(frozen=True)
class Logged(Episode):  # type: ignore[misc]
    """One decision, as an episode of one transition that knows what followed and when."""

    following: Any  # (D,) float32
    ended: bool
    minutes: float

    @property
    def transition_count(self) -> int:
        return 1


def pick(episode: Logged, index: int) -> Transition:
    """The transition of a decision."""
    return Transition(
        observation=episode.observations[index],
        action=episode.actions[index],
        reward=episode.rewards[index],
        next_observation=episode.following,
        next_action=episode.actions[index],  # not read by DiscreteCQL
        terminal=float(episode.ended),
        interval=episode.minutes,
        rewards_to_go=episode.rewards[index:],
    )


def dataset_of(job: Any) -> ReplayBuffer:
    """The decisions in d3rlpy's own buffer."""
    seen = job["observations"]
    decisions = [
        Logged(
            observations=seen[row : row + 1],
            actions=np.array([[action]], dtype=np.int32),
            rewards=np.array([[reward]], dtype=np.float32),
            terminated=True,
            following=seen[max(follows, 0)],
            ended=bool(follows < 0),
            minutes=float(minutes),
        )
        for row, action, reward, follows, minutes in zip(
            job["rows"], job["action"], job["reward"], job["follows"], job["interval"], strict=True
        )
    ]
    return ReplayBuffer(
        InfiniteBuffer(),
        transition_picker=pick,
        episodes=decisions,
        action_space=d3rlpy.ActionSpace.DISCRETE,
        action_size=int(job["actions"]),
    )


def main(job_file: str, weights_file: str) -> None:
    with np.load(job_file) as opened:
        job = dict(opened)
    torch.set_num_threads(1)
    d3rlpy.seed(int(job["seed"]))
    width, updates = int(job["width"]), int(job["updates"])
    learner = d3rlpy.algos.DiscreteCQLConfig(
        learning_rate=float(job["learning_rate"]),
        batch_size=int(job["batch"]),
        gamma=float(job["gamma"]),
        n_critics=int(job["members"]),
        target_update_interval=int(job["target_every"]),
        alpha=float(job["alpha"]),
        encoder_factory=d3rlpy.models.VectorEncoderFactory(hidden_units=[width, width]),
    ).create(device=str(job["device"]))
    dataset = dataset_of(job)
    learner.build_with_dataset(dataset)
    began = time.perf_counter()
    learner.fit(
        dataset,
        n_steps=updates,
        n_steps_per_epoch=updates,
        logger_adapter=NoopAdapterFactory(),
        show_progress=False,
    )
    learnt: dict[str, Any] = {"seconds": np.array(time.perf_counter() - began)}
    for member, critic in enumerate(learner.impl.q_function):
        linear = [module for module in critic.modules() if isinstance(module, torch.nn.Linear)]
        for layer, module in enumerate(linear):
            learnt[f"{member}.{layer}.weight"] = module.weight.detach().cpu().numpy()
            learnt[f"{member}.{layer}.bias"] = module.bias.detach().cpu().numpy()
    np.savez(weights_file, **learnt)


if __name__ == "__main__":
    main(*sys.argv[1:])
