"""A worker that was spawned, not forked: it loads the run by itself.

Owns: that way into ``worker``. Must not know the driver's side.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Sequence
from typing import Any

from penstock_local.worker import live


def main(set_up: dict[str, Any], arguments: Sequence[int]) -> None:
    """Work until told to stop.

    Args:
        set_up: what the zygote wrote down, with the ``blob`` of the run.
        arguments: descriptors of socket and ledger, number of the worker, how many tasks at once.
    """
    end, ledger, number, slots = arguments
    blob = set_up.pop("blob")

    def make(place: Any) -> Any:
        return pickle.loads(blob)(place)

    try:
        live(set_up, (number, slots), [end, ledger], make)
    except BaseException:  # noqa: BLE001 - the end of the process is all that is left
        traceback.print_exc()
        os._exit(1)
