"""A folder whose files the simulator has listed is read only while they are those files."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from logged import logged_row, read, write_part

from qnet.episodes import BadEpisodes

NAMES = ("part-00000.parquet", "part-00001.parquet")


def listed(folder: Path) -> Path:
    """A log of two files and the list that `quell simulate` writes of them."""
    files = [write_part(folder, [logged_row(number)], name) for number, name in enumerate(NAMES)]
    parts = [{"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in files]
    (folder / "simulation.json").write_text(json.dumps({"schema": 1, "parts": parts}))
    return folder


def overwritten(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content)


SPOILT: dict[str, Callable[[Path], object]] = {
    r"part-00001\.parquet: is missing, simulation.json lists it": lambda folder: (folder / NAMES[1]).unlink(),
    r"part-00001\.parquet: has changed since simulation.json": lambda folder: write_part(
        folder, [logged_row(7)], NAMES[1]
    ),
    r"late\.parquet: is not listed in simulation.json": lambda folder: write_part(
        folder, [logged_row(7)], "late.parquet"
    ),
    r"simulation\.json: does not list the files of a log .*JSON": overwritten("simulation.json", "{"),
    r"simulation\.json: does not list the files of a log .*'parts'": overwritten("simulation.json", "{}"),
}


@pytest.mark.parametrize("says", SPOILT)
def test_files_that_are_not_those_of_the_list_are_refused_by_name_and_rule(says: str, tmp_path: Path) -> None:
    SPOILT[says](listed(tmp_path / "log"))

    with pytest.raises(BadEpisodes, match=rf"{says}.*; (delete the folder and write it again|take it away)"):
        read(tmp_path / "log")


def test_a_list_that_its_files_keep_changes_nothing(tmp_path: Path) -> None:
    folder = listed(tmp_path / "log")
    with_list = read(folder).data_hash

    (folder / "simulation.json").unlink()

    assert read(folder).data_hash == with_list
