"""Steps that go wrong, in jobs of which the rest must not be harmed; importable, so that they travel by name.

Each attempt leaves a mark in a diary on disk before anything else, in one write: attempts that ran are
counted by it, whatever becomes of their processes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import attrs

from penstock import (
    Config,
    ConfigurableIOManager,
    ConfigurableResource,
    In,
    Nothing,
    Out,
    job,
    op,
)
from penstock.testing.conformance.executor import marks

PATIENCE = 250.0
LARGE = 2 << 20
"""Bytes of a value that lies on the node that made it."""
ENDLESS = "import time\nwhile True: time.sleep(1)"


class Diary(ConfigurableResource):
    """Where steps leave marks, and wait for files."""

    folder: str

    def mark(self, what: str, key: str, more: object = "") -> None:
        marks.leave(self.folder, what, key, str(more))

    def until(self, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not Path(self.folder, name).exists() and time.monotonic() < deadline:
            time.sleep(0.005)


class Act(Config):
    """What a step does, the name of a function in ``DEEDS``."""

    how: str = "fine"


class DeadlyManager(ConfigurableIOManager):
    """Stores values, and kills the process of ``victim`` the first time that this is done."""

    folder: str

    def handle_output(self, context, obj):
        path = Path(self.folder, f"{context.step_key}.stored")
        is_first = context.step_key == "victim" and not path.exists()
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(obj))
        part.rename(path)
        if is_first:
            die()

    def load_input(self, context):
        return pickle.loads(Path(self.folder, f"{context.upstream_output.step_key}.stored").read_bytes())


class Deadly:
    """Kills the process that writes it down, after a good deal was written."""

    def __reduce__(self):
        die()


class Mine:
    """Kills the process to which it travels, so many times: before any step begins there."""

    def __init__(self, folder, times):
        self.folder, self.times, self.driver = str(folder), times, os.getpid()

    def __setstate__(self, state):
        self.__dict__.update(state)
        if os.getpid() != self.driver and len(marks.read(self.folder, "mine")) < self.times:
            marks.leave(self.folder, "mine")
            die()


def die():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(PATIENCE)


# ---- what a step may do ---------------------------------------------------------------------------


def fine(context, diary):
    return 1


def raises(context, diary):
    raise ValueError("its own fault")


def killed(context, diary):
    die()


def killed_once(context, diary):
    if context.retry_number == 0:
        die()
    return 1


def exits(context, diary):
    os._exit(7)


def waits(context, diary):
    diary.until("go")
    return 1


def tells(context, diary):
    """Many log messages, with a pause in which its connection may be cut."""
    for number in range(20):
        context.log.info("message %s", number)
    diary.mark("told", context.step_key)
    diary.until("go")
    for number in range(20, 40):
        context.log.info("message %s", number)
    return 1


def killed_later(context, diary):
    """Dies when the test says so."""
    diary.mark("told", context.step_key)
    diary.until("go")
    die()


def hangs(context, diary):
    """In C, where no exception arrives."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGALRM, signal.SIGTERM})
    threading.Event().wait()


def swallows(context, diary):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(PATIENCE)


def sleeps(context, diary):
    try:
        time.sleep(PATIENCE)
    finally:
        diary.mark("woken", context.step_key)


def has_children(context, diary):
    """Starts a program and forks; both say who they are, and go on for ever."""
    child = subprocess.Popen([sys.executable, "-c", ENDLESS])
    diary.mark("child", context.step_key, child.pid)
    forked = os.fork()
    if not forked:
        while True:
            time.sleep(1)
    diary.mark("child", context.step_key, forked)
    diary.until("go")
    die()


def floods(context, diary):
    """Three megabytes on both streams, from Python and from a child."""
    for _ in range(3):
        sys.stdout.write(("y" * 99 + "\n") * 10_000)
        sys.stderr.write(("z" * 99 + "\n") * 10_000)
    subprocess.run(["sh", "-c", "yes from-a-child | head -c 1000000"], check=True)
    return 1


def gives_a_lock(context, diary):
    return threading.Lock()


def gives_what_kills(context, diary):
    """A value during whose storing the process ends, each time half-way."""
    return ["x" * 1_000_000, Deadly(), "y" * 1_000_000]


class OddError(Exception):
    """Cannot be pickled."""

    def __init__(self, lock):
        super().__init__("odd")
        self.lock = lock


def raises_oddly(context, diary):
    raise OddError(threading.Lock())


def eats(context, diary):
    """5 GiB at most, kept until somebody ends it."""
    held = []
    for _ in range(160):
        held.append(b"x" * (32 << 20))
        time.sleep(0.02)
    diary.until("go")
    return len(held)


def large(context, diary):
    return os.urandom(LARGE)


def takes_large(context, diary, value):
    return len(value)


DEEDS = {
    one.__name__: one
    for one in (
        fine, raises, killed, killed_once, exits, waits, tells, killed_later, hangs, swallows, sleeps,
        has_children, floods, gives_a_lock, gives_what_kills, raises_oddly, eats, large,
    )
}  # fmt: skip


# ---- steps and jobs -------------------------------------------------------------------------------


@op(out=Out())
def before(context, diary: Diary):
    diary.mark("began", context.step_key)
    return [1, 2, 3]


@op(out=Out())
def victim(context, diary: Diary, config: Act, value: list):
    diary.mark("began", context.step_key)
    return DEEDS[config.how](context, diary)


@op
def after(context, diary: Diary, value):
    diary.mark("began", context.step_key)
    return 1


@op
def beside(context, diary: Diary):
    diary.mark("began", context.step_key)
    return 2


@op
def beyond(context, diary: Diary, value: int):
    diary.mark("began", context.step_key)
    return value


def faulty(folder, how, *, policy=None, tags=None, timeout=None, **resources):
    """A line of steps in which ``victim`` does ``how``, and another beside it that must go well."""
    hurried = attrs.evolve(
        victim, timeout=timeout
    )  # the others may take as long as a busy machine makes them
    suffering = hurried.tag(tags or {})
    suffering = suffering.with_retry_policy(policy) if policy else suffering

    @job(
        resource_defs={"diary": Diary(folder=str(folder)), **resources},
        config={"ops": {"victim": {"config": {"how": how}}}},
    )
    def made():
        after(suffering(before()))
        beyond(beside())

    return made


@op
def maker(context, diary: Diary):
    """A value that lies on one node only."""
    diary.mark("began", context.step_key)
    return os.urandom(LARGE)


@op
def gate(context, diary: Diary):
    """Goes on when the test says so."""
    diary.mark("began", context.step_key)
    diary.until("go")
    return 1


@op(ins={"opened": In(Nothing)})
def reader(context, diary: Diary, value: bytes):
    diary.mark("began", context.step_key)
    return len(value)


def handing(folder, *, made_on, read_on, tags=None, policy=None):
    """``reader`` takes what ``maker`` left on its node, once ``gate`` is open."""

    def on(where, more=None):
        return {"penstock/ray": f'{{"resources": {{"{where}": 0.01}}}}', **(more or {})}

    reading = reader.tag(on(read_on))
    reading = reading.with_retry_policy(policy) if policy else reading

    @job(resource_defs={"diary": Diary(folder=str(folder))})
    def made():
        reading(maker.tag(on(made_on, tags))(), opened=gate.tag(on(read_on))())
        beyond(beside.tag(on(read_on))())

    return made
