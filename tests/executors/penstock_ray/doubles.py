"""A run without an engine: what is shared, and a runner that carries out small commands.

Workers do not know this module: it travels by value.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cloudpickle

from penstock.spi.executor import Task, TaskResult, Wants
from penstock.tables import Packed, unpack

PATIENCE = 90.0  # seconds, which nobody waits unless a test goes wrong
ENDLESS = 200.0  # longer than that
FOREVER = 1000.0


class Trap:
    """Leaves its worker and arrives nowhere."""

    def __reduce__(self):
        return int, ("no number",)


class Runner:
    """Carries out ``(command, argument)``."""

    def __init__(self, place=None, closed=None):
        self.place, self.closed = place, closed

    def run(self, body, handed, report):
        command, argument = body
        values = {name: unpack(one) if isinstance(one, Packed) else one for name, one in handed.items()}
        return getattr(self, f"do_{command}")(argument, values, report)

    def close(self):
        if self.closed:
            Path(self.closed, str(os.getpid())).write_text("closed", encoding="utf-8")

    def do_hand(self, argument, values, report):
        return TaskResult(record=("handed", sorted(argument)), handed=argument)

    def do_echo(self, argument, values, report):
        return TaskResult(record=(argument, values))

    def do_trap(self, argument, values, report):
        return TaskResult(record=Trap())

    def do_sum(self, argument, values, report):
        return TaskResult(record="summed", handed={"result": sum(values.values())})

    def do_tell(self, argument, values, report):
        for number in range(argument):
            report(number)
        return TaskResult(record=(argument, report.is_reliable))

    def do_tell_and_wait(self, argument, values, report):
        marker, count = argument
        for number in range(count):
            report(number)
        wait_for(marker)
        return TaskResult(record="told")

    def do_tell_and_die(self, argument, values, report):
        for number in range(argument):
            report(number)
        os.kill(os.getpid(), signal.SIGKILL)

    def do_import(self, argument, values, report):
        return TaskResult(record=importlib.import_module(argument).VALUE)

    def do_exit(self, argument, values, report):
        os._exit(argument)

    def do_begin_and_wait(self, argument, values, report):
        report(("pid", os.getpid()))
        wait_for(argument)
        return TaskResult(record="waited")

    def do_begin_and_die(self, argument, values, report):
        begun, go = argument
        Path(begun).touch()
        wait_for(go)
        os.kill(os.getpid(), signal.SIGKILL)

    def do_begin_and_sleep(self, argument, values, report):
        marker, seconds = argument
        Path(marker).touch()
        time.sleep(seconds)
        return TaskResult(record="slept")

    def do_sleep(self, argument, values, report):
        report(("pid", os.getpid()))
        time.sleep(argument)
        return TaskResult(record="slept")

    def do_wait_for_child(self, argument, values, report):
        with subprocess.Popen(["sleep", str(argument)]) as child:
            report(("child", child.pid))
            child.wait()
        return TaskResult(record="waited")

    def do_clear_up(self, argument, values, report):
        try:
            report(("pid", os.getpid()))
            time.sleep(argument)
        except KeyboardInterrupt:
            time.sleep(0.5)
        return TaskResult(record="cleared up")

    def do_swallow(self, argument, values, report):
        report(("pid", os.getpid()))
        while True:
            try:
                time.sleep(ENDLESS)
            except BaseException:  # noqa: BLE001 - what the test is about
                report("swallowed")

    def do_loop(self, argument, values, report):
        report(("pid", os.getpid()))
        until = time.monotonic() + ENDLESS
        while time.monotonic() < until:
            pass

    def do_hand_lock(self, argument, values, report):
        return TaskResult(record="locked", handed={"lock": threading.Lock()})

    def do_assigned(self, argument, values, report):
        import ray

        return TaskResult(record=ray.get_runtime_context().get_assigned_resources().get("CPU"))

    def do_fork_astray(self, argument, values, report):
        pid = os.fork()
        if pid == 0:
            sys.exit(5)
        return TaskResult(record=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def do_raise(self, argument, values, report):
        raise RuntimeError(argument)

    def do_own_pid(self, argument, values, report):
        return TaskResult(record=os.getpid())

    def do_place(self, argument, values, report):
        return TaskResult(record=self.place)

    def do_append(self, argument, values, report):
        with Path(argument).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        return TaskResult(record="appended")

    def do_append_and_die(self, argument, values, report):
        self.do_append(argument, values, report)
        os.kill(os.getpid(), signal.SIGKILL)


def wait_for(marker):
    until = time.monotonic() + ENDLESS
    while not Path(marker).exists() and time.monotonic() < until:
        time.sleep(0.005)


class Deadly:
    """Kills whoever unpickles it."""

    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)


class Shared:
    """What the tasks of a run share.

    Args:
        key: of the run.
        modules: for the probe.
        closed: folder in which closed runners leave a file.
    """

    def __init__(self, key="run", modules=(), closed=None):
        self.key, self.modules, self.closed = key, modules, closed

    def runner(self):
        return Runner()

    wants = ()

    def blob(self):
        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        closed = self.closed
        return cloudpickle.dumps(lambda place: Runner(place, closed))


def task(key, command, argument=None, hands=(), **wants):
    return Task(key=key, body=(command, argument), hands=hands, wants=Wants(**wants))


def collect_some(executor):
    """The next messages, which are to come."""
    got = executor.collect(PATIENCE)
    assert got
    return got


def collect_all(executor, count, timeout=PATIENCE):
    """Messages until so many tasks have ended."""
    messages, ended = [], 0
    until = time.monotonic() + timeout
    while ended < count and time.monotonic() < until:
        got = executor.collect(until - time.monotonic())
        messages += got
        ended += sum(type(one).__name__ in {"Outcome", "Lost"} for one in got)
    assert ended == count, messages
    return messages


def ends(messages):
    return {one.ticket.key: one for one in messages if type(one).__name__ in {"Outcome", "Lost"}}
