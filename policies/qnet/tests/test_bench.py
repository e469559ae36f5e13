"""The bench counts right; how fast a machine is, no test says."""

import torch

import bench
from qnet.batches import check
from qnet.network import QNetwork, Shape
from qnet.schema import read_schema


def shape(members: int = 1) -> Shape:
    return Shape(
        state=3,
        candidate=2,
        runbook=0,
        codes=5,
        members=members,
        width=4,
        candidate_heads=("q",),
        state_heads=("value",),
    )


def test_the_operations_of_a_transition_are_those_counted_by_hand() -> None:
    here = 2 * 4 * (3 + 4 + 1) + 2 * (2 * 4 * (2 + 4 + 1))  # the scene, then two candidates: 176
    back = 2 * here - 2 * 4 * (3 + 2 * 2)  # the gradient of the inputs is not needed: 296
    following = 2 * (2 * 4 * (3 + 4 + 1) + 2 * 4 * (2 + 4 + 1))  # both networks, one candidate: 240

    assert bench.flops_of_transition(shape(), 2, 1) == here + back + following == 712


def test_each_member_costs_the_same() -> None:
    assert bench.flops_of_transition(shape(4), 2, 1) == 4 * bench.flops_of_transition(shape(), 2, 1)
    assert bench.bytes_of_transition(shape(4), 2, 1) == 4 * bench.bytes_of_transition(shape(), 2, 1)


def test_the_count_of_a_forward_pass_is_what_torch_counts() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    network = QNetwork(shape())
    scene = network.encode(torch.zeros(1, 3), torch.zeros(2, 2), torch.zeros(2, dtype=torch.int64))

    with FlopCounterMode(display=False) as counted, torch.no_grad():
        network(scene)

    assert counted.get_total_flops() == 176


def test_made_up_episodes_are_such_as_a_learner_takes() -> None:
    schema = read_schema(bench.HERE / "features.json")

    episodes = bench.made_up(schema, 65)

    check(episodes)
    assert episodes.decisions == 65
    assert torch.equal(episodes.owner[episodes.executed], torch.arange(65))
    assert torch.equal(bench.made_up(schema, 65).candidate, episodes.candidate)


def test_without_a_gpu_the_table_says_that_none_was_measured() -> None:
    row = {"device": "cpu", "batch": 256, "transitions_per_second": 1e4, "flops": 8e6, "ceiling": 4e4, "share": 0.25}

    said = bench.table({"threads": 1, "measured": [row]})

    assert "GPU: not yet measured" in said
    assert "25%" in said
