"""Starts a Ray with a dashboard, sends it commands by the launcher, and prints what became of them."""

from __future__ import annotations

import json
import socket
import sys

from ray.cluster_utils import Cluster

from penstock_ray import RayRunLauncher


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def main(folder: str, paths: str) -> None:
    # Ray.init would give the agent that starts jobs a port which another Ray of this machine may have
    head = {
        "num_cpus": 2,
        "object_store_memory": 200 << 20,
        "include_dashboard": True,
        "dashboard_port": free_port(),
        "dashboard_agent_listen_port": free_port(),
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    launcher = RayRunLauncher(
        address=f"http://{cluster.webui_url}",
        working_dir=folder,
        environment={"PENSTOCK_HOME": f"{folder}/home", "PYTHONPATH": paths},
    )
    run = launcher.launch("numbers", ["-m", "sent"])
    ended = launcher.wait(run, 60)
    endless = launcher.submit(["python", "-c", "import time; time.sleep(600)"])
    launcher.stop(endless)
    stopped = launcher.wait(endless, 30)
    sys.stdout.write(json.dumps({"run": ended, "logs": launcher.logs(run), "stopped": stopped}) + "\n")
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
