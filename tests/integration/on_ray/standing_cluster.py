"""A cluster of one node in a process of its own: prints its address, and ends with its standard input."""

from __future__ import annotations

import sys

from ray._private import ray_constants
from ray.cluster_utils import Cluster


def main() -> None:
    ray_constants.ENABLE_RAY_CLUSTER = False  # the address of this machine is the loopback's
    head = {
        "num_cpus": 2,
        "object_store_memory": 100 << 20,
        "include_dashboard": False,
        "node_ip_address": "127.0.0.1",
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    sys.stdout.write(f"{cluster.address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main()
