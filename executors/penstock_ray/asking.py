"""A small program that asks a cluster who it is; run in a process of its own, which can be stopped.

Owns: the question. Ray's client waits most of a minute for a server that never answers, remembers the
authentication of its first call, and cannot be interrupted: so it is asked here, and killed when it is late.
Prints a mark when it begins, and one line of JSON. Uses what Ray keeps private, so everything that goes wrong
is an answer, too.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import ray as _ray
from ray import _raylet
from ray._private import services as _services

ray: Any = _ray  # ships no types that a strict checker could follow
raylet: Any = _raylet
services: Any = _services


def ask(address: str) -> dict[str, Any]:
    """What a cluster says of itself.

    Args:
        address: ``host:port``, or ``auto`` for one on this machine.

    Returns:
        ``address``, ``ray``, ``python`` (its versions), ``nodes`` (addresses), ``here`` (of this machine).
    """
    if address == "auto":
        address = services.canonicalize_bootstrap_address_or_die(address)
    client = raylet.GcsClient(address=address)
    about = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", namespace=b"cluster", timeout=5))
    nodes = client.get_all_node_info(timeout=5).values()
    return {
        "address": address,
        "ray": about["ray_version"],
        "python": about["python_version"],
        "nodes": [node.node_manager_address for node in nodes if node.state == 0],
        "here": ray.util.get_node_ip_address(),
    }


def main(address: str) -> None:
    """Print that Ray is imported, then the answer, or what went wrong."""
    sys.stdout.write("?")
    sys.stdout.flush()
    try:
        answer = ask(address)
    except ray.exceptions.AuthenticationError as error:
        answer = {"fault": "token", "text": str(error)}
    except BaseException as error:  # noqa: BLE001 - told to whoever asked
        answer = {"fault": "answer", "text": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
