"""Starts a Ray with a dashboard, sends it commands by the launcher, and prints what became of them."""

from __future__ import annotations

import json
import sys

import ray

from penstock_ray import RayRunLauncher


def main(folder: str, paths: str) -> None:
    started = ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=200 << 20,
        include_dashboard=True,
        dashboard_port=0,
        log_to_driver=False,
    )
    launcher = RayRunLauncher(
        address=f"http://{started.dashboard_url}",
        working_dir=folder,
        environment={"PENSTOCK_HOME": f"{folder}/home", "PYTHONPATH": paths},
    )
    run = launcher.launch("numbers", ["-m", "sent"])
    ended = launcher.wait(run, 60)
    endless = launcher.submit(["python", "-c", "import time; time.sleep(600)"])
    launcher.stop(endless)
    stopped = launcher.wait(endless, 30)
    sys.stdout.write(json.dumps({"run": ended, "logs": launcher.logs(run), "stopped": stopped}) + "\n")
    ray.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
