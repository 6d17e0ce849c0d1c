"""The blocks of ``run-on-ray.md`` that need a cluster, which the tests of the documentation do not have.

They are taken from the page and run as a reader would; only what a reader has to fill in is filled in: a
port that is free, an address, a token.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

from fault_scene import until
from test_code_blocks import blocks_of

from penstock.testing.conformance.executor import remains

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "run-on-ray.md"
BLOCKS = blocks_of(PAGE.read_text(encoding="utf-8"))
ON_RAY = "penstock materialize -f fleet.py --executor ray -c"
PROGRAM = """\
#!/bin/sh
exec {python} -c "from penstock.cli.main import main; main()" "$@"
"""
OF_TESTS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # tests call nobody
    "RAY_AUTH_MODE": "",  # which other tests of this suite set
    "RAY_enable_metrics_collection": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the address of this machine is the loopback's
}


def block(words):
    """The text of the only block that has this title, or that has none and begins with these words."""
    (found,) = (one.text for one in BLOCKS if words == one.options.get("title", one.text[: len(words)]))
    return found


def filled_in(text, **places):
    """A block with what a reader has to fill in."""
    for name, (blank, value) in places.items():
        assert text.count(blank) == 1, f"{name}: {blank!r} in {text}"
        text = text.replace(blank, value)
    return text


@pytest.fixture
def shell(desk, tmp_path, monkeypatch):
    """Begins the commands of a block, in a folder with the page's files and a home of its own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    penstock = programs / "penstock"
    penstock.write_text(PROGRAM.format(python=sys.executable))
    penstock.chmod(0o755)
    desk.write("fleet.py", block("fleet.py"))
    begun = []

    def begin(text, **env):
        path = f"{programs}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = desk.environment(HOME=str(tmp_path), PATH=path, **OF_TESTS, **env)
        environment = {name: value for name, value in environment.items() if value}
        begun.append(
            subprocess.Popen(
                ["sh", "-e", "-c", text], cwd=desk.folder, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        )  # fmt: skip
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def free_port():
    """One that nobody is given who does not ask for it, as Ray's own processes are meanwhile."""
    for port in random.sample(range(20_000, 30_000), 1000):
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return str(port)
    raise AssertionError("no port is free")


def test_three_nodes_on_one_machine_run_the_fleet(desk, shell):
    port = free_port()
    desk.write("cluster.py", filled_in(block("cluster.py"), port=("6379", port)))
    cluster = shell(block("python cluster.py"))
    said = ""
    while "Enter stops them" not in said:
        letter = cluster.stdout.read(1)
        assert letter, said
        said += letter
    pids = remains.descendants(cluster.pid)
    run = shell(filled_in(block(f"{ON_RAY} '{{"), port=("6379", port)))
    out, _ = run.communicate(timeout=120)
    assert run.returncode == 0, out
    cluster.communicate("\n", timeout=120)
    assert cluster.returncode == 0
    until(lambda: not any(map(remains.is_alive, pids)), "no process of the cluster is left")
    assert desk.runs()[0]["status"] == "SUCCESS"


def test_a_cluster_with_a_token_runs_the_fleet_for_who_knows_it(desk, shell, standing):
    token = secrets.token_hex(32)
    address = standing(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token)
    config = block("# cluster.yaml")
    desk.write("cluster.yaml", filled_in(config, address=("10.0.0.1:6379", address)))
    run = shell(filled_in(block("export RAY_AUTH_TOKEN"), token=("...", token)))
    out, _ = run.communicate(timeout=120)
    assert run.returncode == 0, out
    assert token not in out
    assert desk.runs()[0]["status"] == "SUCCESS"
    without = shell(block(f"{ON_RAY} cluster.yaml"))
    out, _ = without.communicate(timeout=120)
    assert without.returncode == 2, out
    assert "token" in out
