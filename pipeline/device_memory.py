"""Memory of the card that this process keeps for later."""

import sys


def give_device_memory_back() -> None:
    """Return what torch keeps for its next tensors: other processes of the card cannot use it.

    Where torch was never asked for anything on a card, or is not there at all, it does nothing.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
