"""Starts a Ray with a dashboard, sends it commands by the launcher, and prints what became of them."""

from __future__ import annotations

import json
import random
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ray.cluster_utils import Cluster

from penstock_ray import RayRunLauncher


def free_ports() -> Iterator[int]:
    """Some that nobody is given who does not ask for them, as Ray's own processes are meanwhile."""
    for port in random.sample(range(20_000, 30_000), 1000):
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            yield port


def main(folder: str, paths: str) -> None:
    # Ray.init would give the agent that starts jobs a port which another Ray of this machine may have
    port, other = islice(free_ports(), 2)
    head = {
        "num_cpus": 2,
        "object_store_memory": 200 << 20,
        "include_dashboard": True,
        "dashboard_port": port,
        "dashboard_agent_listen_port": other,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    launcher = RayRunLauncher(
        address=f"http://{cluster.webui_url}",
        working_dir=folder,
        environment={"PENSTOCK_HOME": f"{folder}/home", "PYTHONPATH": paths},
    )
    run = launcher.launch("numbers", ["-m", "sent"])
    ended = launcher.wait(run, 180)
    endless = launcher.submit(["python", "-c", "import time; time.sleep(600)"])
    launcher.stop(endless)
    stopped = launcher.wait(endless, 90)
    sys.stdout.write(json.dumps({"run": ended, "logs": launcher.logs(run), "stopped": stopped}) + "\n")
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
