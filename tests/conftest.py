"""Guards that hold for every test: a home of its own, no network, nothing left behind."""

from __future__ import annotations

import ctypes
import decimal
import gc
import locale
import logging
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from penstock import tables
from penstock.tables import registry

# A deadline of an example is an assertion of wall time; so is how fast examples are made. They are the same
# each time, that no change is blamed for what chance finds; `make wander` looks at others.
settings.register_profile(
    "penstock", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("wander", settings.get_profile("penstock"), derandomize=False)
settings.load_profile("penstock")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DROP_FOR_EVER = 24
FOREIGN = threading._DummyThread  # begun by code that is not Python's, which ends it when it likes
RIGHTS_OVER_FILES = (1, 2)  # to write and to read whatever the permissions say
HANDLED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGXFSZ")
OF_PYTEST = "PYTEST_CURRENT_TEST"  # which it sets at each step of a test, and takes away in the end
ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT
PATIENCE = 60.0  # a machine that is busy elsewhere stands still for seconds
OF_TEST = ("penstock_home", "tmp_path")
KEPT_BY_PYTHON = "multiprocessing.resource_tracker"  # a process that Python ends with its own
OF_ALL = {
    "the search path": lambda: list(sys.path),
    "importers": lambda: list(sys.meta_path),
    "signal handlers": lambda: {name: signal.getsignal(getattr(signal, name)) for name in HANDLED},
    "logging": lambda: (logging.root.level, logging.root.handlers[:], logging.root.manager.disable),
    "limits": lambda: (resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_NOFILE)),
    "the interpreter": lambda: (
        sys.getrecursionlimit(), sys.getswitchinterval(), sys.dont_write_bytecode, gc.isenabled(),
        sys.displayhook, threading.excepthook,
    ),
    "the umask": lambda: (now := os.umask(0o077), os.umask(now))[0],
    "the locale": lambda: locale.setlocale(locale.LC_ALL),
    "the time zone": lambda: time.tzname,
    "decimals": lambda: (decimal.getcontext().prec, decimal.getcontext().rounding),
    "the folder for temporary files": lambda: tempfile.tempdir,
    "the patience of sockets": socket.getdefaulttimeout,
}  # fmt: skip
"""What the whole process shares, by what it is called in the message of a test that changed it."""


def pytest_configure():
    """Listen to Ctrl-C, which a shell has its background jobs ignore: many tests press it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    tempfile.gettempdir()  # found out once, which no test is to be blamed for


@pytest.fixture(autouse=True)
def _environment_is_restored():
    before = _environment()
    yield
    after = _environment()
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    for name in changed:
        if name in before:
            os.environ[name] = before[name]
        else:
            del os.environ[name]
    assert not changed, f"the test left these environment variables changed: {changed}"


@pytest.fixture(autouse=True)
def _threads_are_joined(_files_are_closed, _children_have_ended):  # which look once threads have ended
    before = set(threading.enumerate())
    yield
    started = [one for one in threading.enumerate() if one not in before and not isinstance(one, FOREIGN)]
    for thread in started:
        thread.join(timeout=PATIENCE)  # a pool that was told to stop may need a moment
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


@pytest.fixture(autouse=True)
def _process_is_as_before():
    before = {what: look() for what, look in OF_ALL.items()}
    yield
    after = {what: look() for what, look in OF_ALL.items()}
    changed = [f"{what}: {before[what]} -> {now}" for what, now in after.items() if now != before[what]]
    sys.path[:] = before["the search path"]
    assert not changed, f"the test left these changed: {changed}"


@pytest.fixture(autouse=True)
def _modules_are_forgotten(tmp_path_factory):
    """Libraries may stay imported; not what the test wrote, nor anything in the place of what was there."""
    before = dict(sys.modules)
    yield
    if sys.modules == before:
        return
    made = str(tmp_path_factory.getbasetemp())
    new = [name for name, one in sys.modules.items() if before.get(name) is not one]
    own = [name for name in new if str(getattr(sys.modules[name], "__file__", "")).startswith(made)]
    changed = [name for name, one in before.items() if sys.modules.get(name) is not one]
    for name in own:
        del sys.modules[name]
    sys.modules.update({name: before[name] for name in changed})
    assert not own, f"the test left these modules of its own: {own}"
    assert not changed, f"the test took these modules away, or put others in their place: {changed}"


@pytest.fixture(autouse=True)
def _children_have_ended():
    before = _children()
    yield
    left = [f"{pid}: {_command(pid)}" for pid in _children() - before if not _ends_soon(pid)]
    assert not left, f"the test left these processes running: {left}"


@pytest.fixture(autouse=True)
def _files_are_closed(request):
    """Those in folders of the test alone: what a session shares opens its files when it likes."""
    before = len(_open_files())
    yield
    if len(_open_files()) <= before:
        return
    gc.collect()
    own = tuple(str(request.node.funcargs[name]) for name in OF_TEST if name in request.node.funcargs)
    paths = [os.path.realpath(f"/dev/fd/{number}") for number in _open_files()]
    left = sorted(path for path in paths if path.startswith(own))
    assert not left, f"the test left these files open: {left}"


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
    _process_is_as_before,
    _modules_are_forgotten,
    _children_have_ended,
    _files_are_closed,
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
def begun_threads():
    """A function that names the threads that were begun meanwhile and run, but for those of foreign code."""
    before = set(threading.enumerate())
    return lambda: [
        one.name for one in threading.enumerate() if one not in before and not isinstance(one, FOREIGN)
    ]


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


@pytest.fixture(scope="session")
def steady_environment():
    """Gives a context manager for a process with Ray in it: variables change their values, but none is added.

    Ray's threads read the environment whenever they write to a log. glibc before 2.41 moves it when it grows;
    a thread that reads it just then ends the process with a segmentation fault. The manager gives a function
    to be called when Ray runs: from then on who adds a variable is told so.
    """
    return _steady_environment


@contextmanager
def _steady_environment(**values):
    everywhere = {
        "PENSTOCK_HOME": "/nowhere",
        "PENSTOCK_KIT": "",
        "TMPDIR": tempfile.gettempdir(),
        OF_PYTEST: "",
    }
    put, take, known = os.putenv, os.unsetenv, set()

    def hold():
        known.update(os.environb)
        patch.setattr(os, "putenv", put_known)
        patch.setattr(os, "unsetenv", take_unless_it_comes_back)

    def put_known(name, value):
        assert name in known, f"a process with Ray in it gets no new variable: {name.decode()}"
        put(name, value)

    def take_unless_it_comes_back(name):
        if name != OF_PYTEST.encode():
            known.discard(name)
            take(name)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**everywhere, **values}.items():
            patch.setenv(name, value)
        yield hold


@pytest.fixture(autouse=True, scope="session")
def _environment_is_usual():
    """Without what people, or a service that runs tests, may have set to change how things look."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "RAY_ADDRESS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard():
    """Who starts the tests may have these ignored, as ``nohup`` and ``&`` do; children would inherit it."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


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
    """What plugins registered in this process, by name; also what only repeats what is built in."""
    return set(registry._registered)


def _environment():
    return {name: value for name, value in os.environ.items() if name != OF_PYTEST}


def _open_files():
    return os.listdir("/dev/fd")  # noqa: PTH208 - each test pays for it twice


def _children():
    """Processes that this one started and has not waited for."""
    try:
        os.waitid(os.P_ALL, 0, ENDED)
    except ChildProcessError:  # the usual case, which costs one question
        return set()
    found = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found |= set(map(int, path.read_text().split()))
    return found


def _ends_soon(pid):
    """Whether it has ended, is about to, or is ended by Python itself."""
    if KEPT_BY_PYTHON in _command(pid):
        return True
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], PATIENCE)[0])
    finally:
        os.close(process)


def _command(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""
