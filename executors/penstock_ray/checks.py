"""What can be wrong with the way to a cluster, found in seconds.

Owns: ``check_address``.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from penstock.errors import UnmetExecutorRequirementsError
from penstock_ray.config import RayConfig

TIMEOUT = 2.0


def check_address(address: str, config: RayConfig, environ: Mapping[str, str]) -> None:
    """Whether a cluster can be used.

    Raises:
        UnmetExecutorRequirementsError: what is wrong.
    """
    del config, environ
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), TIMEOUT).close()
    except (OSError, ValueError) as error:
        raise UnmetExecutorRequirementsError(
            f"Wanted a Ray cluster at {address}, found nobody who answers there: {error}."
        ) from error
