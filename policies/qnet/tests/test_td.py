"""The loop: every decision counts, a seed gives the same bits, and a run cut in two ends where a whole one does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from synthetic import synthetic_episodes
from torch import Tensor

from qnet.batches import Log
from qnet.learners import cql, dqn, iql
from qnet.model import BadModel
from qnet.network import network_for
from qnet.progress import SILENT, Progress
from qnet.td import TDModel, Training

EPISODES = synthetic_episodes(150, 5)
FEW = {"members": 2, "width": 16, "epochs": 4, "least_updates": 1, "batch": 64}
CPU = torch.device("cpu")
LEARNERS = {"cql": cql, "dqn": dqn, "iql": iql}


class Cut(Exception):
    """The machine goes away."""


class CutAfter(Progress):
    """A progress that ends the run before the pass of that number."""

    def __init__(self, passes: int) -> None:
        super().__init__(silent=True)
        self.passes = passes

    def over(self, total: int, what: str, *, start: int = 0) -> Iterator[int]:
        for number in super().over(total, what, start=start):
            if number == self.passes:
                raise Cut
            yield number


def weights_of(
    name: str, *, seed: int = 1, progress: Progress = SILENT, checkpoint: Path | None = None
) -> list[Tensor]:
    module = LEARNERS[name]
    model = module.fit(EPISODES, module.Config(**FEW), seed=seed, device=CPU, progress=progress, checkpoint=checkpoint)
    assert isinstance(model, TDModel)
    return list(model.network.state_dict().values())


def alike(one: list[Tensor], two: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name: str) -> None:
    once = weights_of(name)

    assert alike(once, weights_of(name))
    assert not alike(once, weights_of(name, seed=2))


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("passes", [1, 3])
def test_a_run_that_was_cut_goes_on_to_the_same_bits(name: str, passes: int, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(Cut):
        weights_of(name, progress=CutAfter(passes), checkpoint=checkpoint)

    resumed = weights_of(name, checkpoint=checkpoint)

    assert alike(resumed, weights_of(name))


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    weights_of("cql", checkpoint=tmp_path / "checkpoint.pt")

    with pytest.raises(BadModel, match="belongs to another run"):
        weights_of("cql", seed=2, checkpoint=tmp_path / "checkpoint.pt")


@pytest.mark.parametrize("left", ["garbage", "nothing", "another layout", "no weights"])
def test_what_is_no_checkpoint_is_refused_with_what_to_do(left: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    weights_of("cql", checkpoint=file)
    content = torch.load(file, weights_only=True)
    if left == "garbage":
        file.write_text("not what torch writes")
    elif left == "nothing":
        file.write_bytes(b"")
    elif left == "another layout":
        torch.save({"passes": 3}, file)
    else:
        torch.save(content | {"online": {}}, file)

    with pytest.raises(BadModel, match=r"checkpoint\.pt: is no checkpoint of this version of Quell; delete it"):
        weights_of("cql", checkpoint=file)


def test_training_leaves_the_choice_of_kernels_as_it_was() -> None:
    weights_of("cql")

    assert not torch.are_deterministic_algorithms_enabled()


def log_of(**changes: object) -> Log:
    network = network_for(
        EPISODES, members=2, width=8, candidate_heads=("q",), state_heads=("value",), drop_groups=(),
        generator=torch.Generator().manual_seed(1),
    )  # fmt: skip
    scene = network.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner)
    return replace(Log(EPISODES, scene, torch.ones(2, EPISODES.decisions), EPISODES.known), **changes)  # type: ignore[arg-type]


def test_a_pass_holds_every_decision_once_in_parts_of_nearly_one_size() -> None:
    # The weight of a decision is its number here, so that it can be told which were drawn.
    log = log_of(weight=torch.arange(EPISODES.decisions).float().expand(2, -1))

    parts = [batch.weight[0] for batch in log.shuffled(50, torch.Generator().manual_seed(1), replay=False)]

    sizes = {len(part) for part in parts}
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(EPISODES.decisions).float())
    assert max(sizes) <= 50
    assert max(sizes) - min(sizes) <= 1


def test_a_batch_holds_the_rows_of_the_log_and_those_that_follow() -> None:
    log = log_of(weight=torch.arange(EPISODES.decisions).float().expand(2, -1))

    for batch in log.shuffled(50, torch.Generator().manual_seed(1), replay=True):
        for place, row in enumerate(batch.weight[0].long().tolist()):
            own = log.scene.candidate[EPISODES.offsets[row] : EPISODES.offsets[row + 1]]
            then = int(EPISODES.next[row])
            after = log.scene.candidate[EPISODES.offsets[then] : EPISODES.offsets[then + 1]] if then >= 0 else own[:0]
            assert torch.equal(batch.here.candidate[batch.here.owner == place], own)
            assert torch.equal(batch.next.candidate[batch.next.owner == place], after)
            executed = int(EPISODES.executed[row])
            taken = int(batch.taken[place] - (batch.here.owner < place).sum())  # in its decision's own list
            assert bool(batch.listed[place]) == (executed >= 0)
            assert not batch.listed[place] or taken == executed - int(EPISODES.offsets[row])


def test_every_field_of_a_config_changes_what_is_learnt() -> None:
    changed: dict[str, Any] = {
        "members": 3, "width": 8, "epochs": 5, "least_updates": 100, "batch": 32,
        "learning_rate": 1e-2, "weight_decay": 1.0, "largest_gradient": 1e-3, "huber_delta": 0.1, "heads_weight": 1.0,
        "unknown": 0.5, "target_step": 0.9, "target_every": 3, "replay": True,
        "gamma_zero": True, "constant_discount": 0.5, "masked": False, "drop_groups": ("drafter",),
        "drop_features": ("fitMissing",), "alpha": 1.0,
    }  # fmt: skip
    usual = weights_of("cql")
    config = cql.Config(**FEW)  # type: ignore[arg-type]

    assert set(vars(Training())) | {"alpha"} == set(changed)
    for field, value in changed.items():
        model = cql.fit(EPISODES, replace(config, **{field: value}), seed=1, device=CPU, progress=SILENT)
        assert isinstance(model, TDModel)
        found = list(model.network.state_dict().values())
        assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(found, usual, strict=True)), field
