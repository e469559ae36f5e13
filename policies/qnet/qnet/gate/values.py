"""What a linear model of values may know of a decision: its scene, and the candidate that was or would be proposed."""

import numpy as np

from ope.fqe import Linear

from .decisions import Decisions, Floats

RIDGE = 1e-3  # of the rows, on standardised features: enough for columns that say the same
MOST = 8.0  # standard deviations: a rare flag must not rule the fit


def basis_of(decisions: Decisions, target: Floats) -> Linear:
    """Features of what was proposed, and their mean under a target (N, K), in the log's standard deviations.

    Every row has a proposal. No outcome is among the features, so all rows may set their scale.
    """
    rows = np.arange(len(decisions.step))
    scene = decisions.scene.astype(np.float64)
    offered = decisions.offered[rows, decisions.proposed].astype(np.float64)
    wanted = np.matmul(target.astype(np.float32)[:, None, :], decisions.offered)[:, 0]
    proposed, of_target = np.hstack([scene, offered]), np.hstack([scene, wanted])
    centre, spread = proposed.mean(axis=0), proposed.std(axis=0)
    known = spread > 1e-9
    one = np.ones((len(rows), 1))

    def scaled(features: Floats) -> Floats:
        return np.hstack([one, np.clip((features[:, known] - centre[known]) / spread[known], -MOST, MOST)])

    return Linear(scaled(proposed), scaled(of_target))


def ridge_of(decisions: Decisions) -> float:
    """The ridge in rows, as `ope.fqe` takes it."""
    return RIDGE * len(decisions.step)
