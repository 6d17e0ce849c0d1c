"""Guards that hold for every test: a home of its own, no network, nothing left behind."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from penstock import tables

# A deadline of an example is an assertion of wall time; so is how fast examples are made.
settings.register_profile("penstock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("penstock")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DROP_FOR_EVER = 24
FOREIGN = threading._DummyThread  # begun by code that is not Python's, which ends it when it likes
RIGHTS_OVER_FILES = (1, 2)  # to write and to read whatever the permissions say


@pytest.fixture(autouse=True)
def _environment_is_restored():
    before = _environment()
    yield
    after = _environment()
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    os.environ.update(before)
    for name in after.keys() - before.keys():
        del os.environ[name]
    assert not changed, f"the test left these environment variables changed: {changed}"


@pytest.fixture(autouse=True)
def _threads_are_joined():
    before = set(threading.enumerate())
    yield
    started = [one for one in threading.enumerate() if one not in before and not isinstance(one, FOREIGN)]
    for thread in started:
        thread.join(timeout=2)  # a pool that was told to stop may need a moment
    alive = [thread.name for thread in started if thread.is_alive()]
    assert not alive, f"the test left these threads running: {alive}"


@pytest.fixture(autouse=True)
def _working_folder_is_restored():
    before = Path.cwd()
    yield
    after = Path.cwd()
    os.chdir(before)
    assert after == before, f"the test changed the working folder to {after}"


@pytest.fixture(autouse=True)
def _table_types_are_taken_back():
    before = _table_types()
    yield
    left = sorted(_table_types() - before)
    for name in left:
        tables.unregister(name)
    assert not left, f"the test left these table types registered: {left}"


@pytest.fixture
def keeps_registrations(_table_types_are_taken_back):
    """Table types that the test registers are taken back after it."""
    before = _table_types()
    yield
    for name in _table_types() - before:
        tables.unregister(name)


@pytest.fixture(autouse=True)
def penstock_home(
    _environment_is_restored,
    _working_folder_is_restored,
    _threads_are_joined,
    _table_types_are_taken_back,
    tmp_path_factory,
    monkeypatch,
):
    """The home folder of this test alone, also for child processes; it does not exist yet.

    The guards come first, so that they look last, after the test's own fixtures have cleaned up.
    """
    home = tmp_path_factory.mktemp("home") / "penstock"
    monkeypatch.setenv("PENSTOCK_HOME", str(home))
    return home


@pytest.fixture
def bound_by_permissions():
    """Options of ``subprocess`` for a process that file permissions bind, also when root runs the tests."""
    if os.geteuid() != 0:
        return {}
    system = ctypes.CDLL(None)

    def give_up_rights():
        for right in RIGHTS_OVER_FILES:
            system.prctl(DROP_FOR_EVER, right, 0, 0, 0)

    return {"preexec_fn": give_up_rights}


@pytest.fixture(autouse=True, scope="session")
def _network_is_closed():
    """Only this machine may be called."""
    connect = socket.socket.connect

    def refuse_strangers(self, address):
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test wanted the network: {address}")
        return connect(self, address)

    socket.socket.connect = refuse_strangers
    yield
    socket.socket.connect = connect


def _table_types():
    """What plugins registered in this process, by name."""
    return set(tables.registrations())


def _environment():
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
