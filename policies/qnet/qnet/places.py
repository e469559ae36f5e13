"""Places of packed candidates among their decisions, and of runbooks' codes among those known."""

import torch
from torch import Tensor


def decision_of(offsets: Tensor) -> Tensor:
    """(C,) int64: the decision of each packed candidate, from offsets (N + 1,), which need not start at 0."""
    return torch.repeat_interleave(torch.arange(len(offsets) - 1, device=offsets.device), offsets.diff())


def place_of(code: Tensor, codes: Tensor) -> Tensor:
    """(n,) int64: place of each code among the sorted codes (R,) int64, or R where it is not one of them."""
    if len(codes) == 0:
        return torch.zeros(len(code), dtype=torch.int64, device=code.device)
    code = code.to(torch.int64)
    place = torch.searchsorted(codes, code)
    known = codes[place.clamp(max=len(codes) - 1)] == code
    return torch.where(known, place, len(codes))
