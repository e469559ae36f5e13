"""Scores scenes for the TypeScript world: one JSON line in, one out. `python -m qnet serve`.

First line: {"load": [{"name", "folder"}]} -> {"loaded": [names], "features_hash"}; with {"error"} and exit status 2
where a model cannot be loaded. Then {"id", "scenes": [{"state": [S], "candidates": [[A] * K], "allowed": [K]}],
"models": [names]} -> {"id", "scores": {name: [{"mean": [K], "sd": [K]}, ...]}}, one entry a scene: null where a number
of the scene is null, or not finite, or no candidate is there. A request that cannot be read -> {"id", "error"}.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import torch
from torch import Tensor

from .model import BadModel, Model, load_model

Answer = dict[str, list[float]] | None  # mean and sd (K,) of a scene's candidates


class BadRequest(Exception):
    """A line that cannot be answered. The message says what is wrong and what to send."""


def add_parser(subparsers: Any) -> None:
    """Registers `serve`."""
    parser = subparsers.add_parser("serve", help="score scenes: JSON lines in and out")
    parser.set_defaults(run=lambda _: serve(sys.stdin, sys.stdout))


def serve(lines: TextIO, answers: TextIO) -> int:
    """Answers line by line until the input ends; returns the exit status. One thread: the same bits every time."""
    torch.set_num_threads(1)

    def answer(content: object) -> None:
        answers.write(json.dumps(content, allow_nan=False) + "\n")
        answers.flush()

    try:
        models, features_hash = _loaded(lines.readline())
    except (BadRequest, BadModel) as error:
        answer({"error": str(error)})
        return 2
    answer({"loaded": list(models), "features_hash": features_hash})
    for line in lines:
        number: object = None
        try:
            request = _parsed(line)
            number = request.get("id")
            answer({"id": number, "scores": scores_of(models, request)})
        except BadRequest as error:
            answer({"id": number, "error": str(error)})
    return 0


@torch.inference_mode()
def scores_of(models: Mapping[str, Model], request: Mapping[str, Any]) -> dict[str, list[Answer]]:
    """The answer's `scores`: every scene of the request goes through each model at once. Raises BadRequest."""
    names, scenes = request.get("models"), request.get("scenes")
    if not isinstance(names, list) or not isinstance(scenes, list):
        raise BadRequest('a request is {"id", "scenes": [...], "models": [...]}')
    unknown = [str(name) for name in names if name not in models]
    if unknown:
        raise BadRequest(f"no model {', '.join(unknown)}; loaded are {', '.join(models)}")
    read = [_scene(place, scene) for place, scene in enumerate(scenes)]
    whole = [one for one in read if one is not None]
    if not whole:
        return {name: [None] * len(read) for name in names}
    counts = [len(allowed) for _, _, allowed in whole]
    try:
        state = torch.stack([state for state, _, _ in whole])
        candidate = torch.cat([candidate for _, candidate, _ in whole])
    except RuntimeError as cause:
        raise BadRequest("the scenes have vectors of different lengths; encode them all by one schema") from cause
    allowed = torch.cat([allowed for _, _, allowed in whole])
    offsets = torch.tensor([0, *counts]).cumsum(0)
    answers: dict[str, list[Answer]] = {}
    for name in names:
        try:
            scores = models[name].score(state, candidate, offsets, allowed)
        except (RuntimeError, ValueError, IndexError) as cause:
            raise BadRequest(f"{name} cannot score vectors of such lengths ({cause})") from cause
        parts = zip(torch.split(scores.mean, counts), torch.split(scores.sd, counts), strict=True)
        answers[name] = [None if one is None else _finite(*next(parts)) for one in read]
    return answers


def _finite(mean: Tensor, sd: Tensor) -> dict[str, list[float]] | None:
    if not bool((mean.isfinite() & sd.isfinite()).all()):
        return None
    return {"mean": mean.tolist(), "sd": sd.tolist()}


def _scene(place: int, scene: Any) -> tuple[Tensor, Tensor, Tensor] | None:
    """State (S,), candidates (K, A), allowed (K,); None where it holds no candidate or a number that is none."""
    try:
        state, candidates, allowed = scene["state"], scene["candidates"], scene["allowed"]
        if len(allowed) != len(candidates) or len({len(one) for one in candidates}) > 1:
            raise ValueError("as many `allowed` as candidates, and all candidates of one length")
        if not candidates or not all(_are_finite(one) for one in (state, *candidates)):
            return None
        vectors = torch.tensor(state, dtype=torch.float32), torch.tensor(candidates, dtype=torch.float32)
        return *vectors, torch.tensor(allowed, dtype=torch.bool)
    except (KeyError, TypeError, ValueError) as cause:
        raise BadRequest(f"scene {place}: wants state [S], candidates [[A] * K], allowed [K] ({cause})") from cause


def _are_finite(values: Sequence[float | None]) -> bool:
    """JSON has no NaN: JavaScript writes null in its place."""
    return all(one is not None and math.isfinite(one) for one in values)


def _loaded(line: str) -> tuple[dict[str, Model], str]:
    """The models by the names of the request, and the schema that all of them read."""
    wanted = _parsed(line).get("load")
    try:
        models = {str(one["name"]): load_model(Path(one["folder"])) for one in wanted or []}
    except (KeyError, TypeError) as cause:
        raise BadRequest('the first line is {"load": [{"name": "...", "folder": "..."}]}') from cause
    hashes = {model.origin.features_hash for model in models.values()}
    if len(hashes) != 1:
        raise BadRequest(f"the models read {len(hashes)} feature schemas; load at least one model, all of one schema")
    return models, hashes.pop()


def _parsed(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as cause:
        raise BadRequest(f"not a line of JSON ({cause})") from cause
    if not isinstance(request, dict):
        raise BadRequest("a line is a JSON object")
    return request
