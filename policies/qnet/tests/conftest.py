"""Every test runs on one thread, so that results do not depend on the machine."""

import torch

torch.set_num_threads(1)
