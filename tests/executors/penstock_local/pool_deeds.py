"""What tasks of these tests do in workers; beside the kit's. Imports no pytest."""

from __future__ import annotations

import _imp
import ctypes
import gc
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from penstock.spi.executor import TaskResult
from penstock.testing.conformance.executor.double import Answer

PATIENCE = 100.0  # seconds, which nobody waits unless a test goes wrong


def until(path, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.002)


def pid(scene):
    return os.getpid()


def facts(scene):
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
        "path": list(sys.path),
        "argv": list(sys.argv),
        "folder": str(Path.cwd()),
        "main": sys.modules["__main__"].__file__,
        "stdin": os.read(0, 1),
        "alarm": signal.getitimer(signal.ITIMER_REAL)[0],
    }


def inherited(scene):
    """The descriptors of a program that was started without closing any."""
    found = subprocess.run(
        ["ls", "/proc/self/fd"], capture_output=True, text=True, close_fds=False, check=True
    )
    return found.stdout.split()[:-1]  # the last is the folder that ls reads


def exit_in_c(scene, code):
    ctypes.CDLL(None).exit(code)


def crash(scene):
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(PATIENCE)


def close_all(scene, gate):
    """Do as daemons do, and go on for ever."""
    os.closerange(3, 256)
    until(gate)


def forget_signals(scene):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 60)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.chdir("/")


def child_of_its_own(scene, gate):
    """A child in a session of its own, whose parent is gone; and wait."""
    path = f"{scene.folder}/daemon"
    program = (
        "import os, sys, time; open(f'{sys.argv[1]}.part', 'w').write(str(os.getpid()));"
        " os.rename(f'{sys.argv[1]}.part', sys.argv[1]); time.sleep(120)"
    )
    first = os.fork()
    if not first:
        subprocess.Popen([sys.executable, "-c", program, path], start_new_session=True)
        os._exit(0)
    os.waitpid(first, 0)
    until(path)
    scene.mark("waiting")
    until(gate)


def fork_and_return(scene):
    """The child comes back from the function, as the parent does."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    scene.report("from the child")
    return "child"


def fork_and_raise(scene, error):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    raise error


def take_memory(scene, size):
    held = bytearray(size)
    held[::4096] = b"x" * len(held[::4096])
    keep.append(held)
    return os.getpid()


def take_memory_and_wait(scene, size, gate):
    take_memory(scene, size)
    until(gate)


keep = []


def draw(scene):
    import numpy as np

    return float(np.random.random())  # noqa: NPY002 - the global generator is the subject


def hand_large(scene):
    return TaskResult(record=Answer(), handed={"large": b"x" * 1_000_000})


def hand_and_die(scene, values):
    """Hand values on that kill the process when they are packed."""
    return TaskResult(record=Answer(), handed={**values, "bomb": Bomb()})


class Bomb:
    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(PATIENCE)


def hard(scene):
    """Python code that catches whatever is raised in it."""
    while True:
        try:
            scene.mark("waiting")
            while True:
                time.sleep(0.01)
        except BaseException:  # noqa: BLE001 - that is its manner
            pass


def soft(scene):
    try:
        scene.mark("waiting")
        until(f"{scene.folder}/never")
    except KeyboardInterrupt:
        return "interrupted"


def sleep_through(scene):
    """Sleep while another thread gets the signal: Python notes it as it does one that comes too early."""
    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        scene.mark("waiting")
        time.sleep(PATIENCE)
    except KeyboardInterrupt:
        return "woken"
    finally:
        over.set()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def count_signals(scene, enough):
    """Hear nothing, and how often one is told so; a child counts as well."""
    seen = {signal.SIGINT: 0, signal.SIGURG: 0}

    def count(number, _frame):
        seen[number] += 1

    for number in seen:
        signal.signal(number, count)
    gate, answer = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.close(gate[1])
        os.write(answer[1], b"!")  # a signal that comes while a process is forked is not heard in the child
        os.read(gate[0], 1)  # until the parent has enough
        os.write(answer[1], bytes(seen.values()))
        os._exit(0)
    os.read(answer[0], 1)
    scene.mark("waiting")
    while seen[signal.SIGURG] < enough:
        signal.pause()  # for another one comes
    os.close(gate[1])
    os.waitpid(child, 0)
    return list(seen.values()), list(os.read(answer[0], 2))


def leave_later(scene, gate, how):
    scene.mark("waiting")
    until(gate)
    if how == "code":
        os._exit(7)
    os.kill(os.getpid(), signal.SIGKILL)


def hold_imports(scene):
    _imp.acquire_lock()
    scene.mark("waiting")
    until(f"{scene.folder}/never")


def import_json_again(scene):
    sys.modules.pop("json.tool", None)
    return importlib.import_module("json.tool").__name__


def thread_name(scene):
    return threading.current_thread().name


def record_that_refuses(scene):
    return TaskResult(record=threading.Lock())


def record_that_springs(scene):
    return TaskResult(record=Trap())


class Trap:
    def __reduce__(self):
        return _spring, ()


def _spring():
    raise RuntimeError("not to be unpickled")


# ---- between runs ----------------------------------------------------------------------------------


def variable(scene, name):
    return os.environ.get(name)


def remember(scene, what):
    keep.append(what)
    return list(keep)


def imports(scene, name):
    """Import a module; whether it was there already."""
    was_there = name in sys.modules
    importlib.import_module(name)
    return was_there


def objects_below(scene):
    """How many objects the zygote had when it was asked for this worker."""
    return gc.get_freeze_count()
