"""The program of processes that the pool starts: makes the driver's import path its own, then goes to work.

Owns: nothing but that first moment. It is run by its path, so that it works wherever the packages lie; its
first argument is the descriptor of a file that says what to become. It is not the program of the user:
that is never run again here, and needs no guard. Lazy: what it becomes is importable only then.
"""

from __future__ import annotations

import os
import pickle
import sys


def main(descriptor: int, others: list[int]) -> None:
    """Read what the process is to be, and become it."""
    with os.fdopen(descriptor, "rb") as file:
        set_up = pickle.loads(os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0))
    sys.path[:] = set_up["path"]
    sys.argv[:] = set_up["argv"]
    if set_up["role"] == "zygote":
        from penstock_local.zygote import main as role  # noqa: PLC0415 - found on the path of the driver
    else:
        from penstock_local.recruit import main as role  # noqa: PLC0415 - found on the path of the driver
    role(set_up, others)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(one) for one in sys.argv[2:]])
