"""Which days of a log a cell is trained on."""

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from qnet.experiment.train import days_with_decisions


def test_a_log_of_n_days_is_its_first_n_whether_or_not_all_have_a_decision(tmp_path: Path) -> None:
    for part, days in enumerate([(0, 1, 1, 3), (4, 6), (7,)]):
        rows = pa.table({"cluster_id": [f"day-train-mild-1-{day:06d}" for day in days]})
        parquet.write_table(rows, tmp_path / f"part-{part:05d}.parquet")

    assert [days_with_decisions(tmp_path, days) for days in (1, 2, 3, 4, 6, 8, 100)] == [1, 2, 2, 3, 4, 6, 6]
