"""``penstock ray doctor`` and the checks behind it."""

from __future__ import annotations

import json
import os
import platform
import socket

import pytest
import ray
from click.testing import CliRunner

from penstock.errors import InvalidConfigError, UnmetExecutorRequirementsError
from penstock_ray import checks
from penstock_ray.config import RayConfig
from penstock_ray.doctor import command
from penstock_ray.executor import RayExecutor

NOWHERE = {"HOME": "/nowhere"}


@pytest.fixture
def own():
    """The address of the session's Ray."""
    return f"127.0.0.1:{ray.get_runtime_context().gcs_address.rpartition(':')[2]}"


@pytest.fixture
def silent():
    """The address of a server that accepts and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()


def wrong(address, config=None, environ=NOWHERE):
    (found,) = [one for one in checks.examine(address, config or RayConfig(), environ) if not one.is_right]
    return found


def test_nobody_at_an_address_is_told():
    assert "found nobody there" in wrong("127.0.0.1:1").text


@pytest.mark.parametrize("address", ["nonsense", "host:", ":6379", "host:port"])
def test_what_is_no_address_is_told(address):
    assert "host:port" in wrong(address).text


def test_ray_client_is_refused_with_a_way_out():
    assert "RayRunLauncher" in wrong("ray://127.0.0.1:10001").text


def test_something_else_at_an_address_is_told(silent):
    found = checks.examine(silent, RayConfig(), dict(os.environ), patience=0.3)[-1]
    assert found.part == "address"
    assert "does not answer as one" in found.text


def test_a_token_that_is_not_there_is_told(silent):
    found = wrong(silent, RayConfig(auth="token"))
    assert found.part == "token"
    assert "RAY_AUTH_TOKEN_PATH" in found.text


def test_a_token_is_used_when_there_is_one():
    assert checks.auth_mode(RayConfig(), {**NOWHERE, "RAY_AUTH_TOKEN_PATH": "/a/file"}) == "token"
    assert checks.auth_mode(RayConfig(), NOWHERE) == "disabled"
    assert checks.auth_mode(RayConfig(auth="disabled"), {"RAY_AUTH_TOKEN": "x"}) == "disabled"


ANSWER = {"ray": "2.60.0", "python": "3.11.7", "nodes": ["10.0.0.1"], "here": "10.0.0.1", "address": "h:1"}


@pytest.mark.parametrize(
    ("changed", "part", "words"),
    [
        ({"ray": "2.40.0"}, "version", "pip install"),
        ({"python": "3.9.1"}, "version", "Python 3.9.1"),
        ({"here": "10.9.9.9"}, "machine", "RayRunLauncher"),
        ({"fault": "token", "text": "no"}, "token", "wants a token"),
    ],
)
def test_what_the_cluster_says_of_itself_is_judged(changed, part, words):
    said = {**ANSWER, "ray": ray.__version__, "python": platform.python_version(), **changed}
    findings = checks.findings_of(said, "10.0.0.1:6379", "disabled", NOWHERE)
    (found,) = [one for one in findings if not one.is_right]
    assert found.part == part
    assert words in found.text


def test_a_cluster_that_can_be_used_has_no_fault(cluster, own):
    findings = checks.examine(own, RayConfig(), dict(os.environ))
    assert [one.part for one in findings if one.is_right] == ["address", "token", "version", "machine"]


def test_a_cluster_is_not_blamed_for_this_machine(cluster, own, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(f"import time\ntime.sleep({checks.ANSWER})\n")
    monkeypatch.syspath_prepend(tmp_path)  # the process that asks takes so long until it has begun
    assert [one.text for one in checks.examine(own, RayConfig(), dict(os.environ)) if not one.is_right] == []


def test_the_doctor_ends_with_two_when_something_is_wrong():
    done = CliRunner().invoke(command, ["doctor", "--address", "127.0.0.1:1", "--json"])
    assert done.exit_code == 2
    (finding,) = json.loads(done.output)
    assert (finding["part"], finding["ok"]) == ("address", False)


def test_the_doctor_names_a_module_that_is_missing(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    done = CliRunner().invoke(command, ["doctor", "-m", "no_such_module"])
    assert done.exit_code == 2
    assert "no_such_module" in done.output


def test_a_wrong_address_is_refused_before_the_first_step(cluster):
    made = RayExecutor({"address": "127.0.0.1:1"})
    from doubles import Shared

    with pytest.raises(UnmetExecutorRequirementsError, match="connected to"):
        made.begin(Shared())
    made.close()


def test_faults_of_the_config_come_before_any_connection():
    with pytest.raises(InvalidConfigError):
        RayExecutor({"address": 5})
