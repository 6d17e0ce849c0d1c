# ruff: noqa: ARG001 - a function of the kit takes the scene whether it looks at it or not
"""What the tasks of the kit do: functions that any worker can import. The first argument is the ``Scene``.

Owns: good and bad manners of user code. Imports neither pytest nor a table library before it is needed
(lazy). Whoever waits does so for a file, with a deadline: nothing here hangs for ever.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from penstock.spi.executor import TaskResult
from penstock.testing.conformance.executor.double import Answer, Scene, SystemFault

PAUSE = 0.002
OVER = "over"  # the file that ends all waiting, when a test has ended
CHUNK = 1 << 16


# ---- values --------------------------------------------------------------------------------------


def answer(scene: Scene, value: Any = None) -> Any:
    """Give a value back in the record."""
    return value


def hand(scene: Scene, values: Mapping[str, Any]) -> TaskResult:
    """Hand values on."""
    return TaskResult(record=Answer(value=sorted(values)), handed=dict(values))


def hand_many(scene: Scene, number: int) -> TaskResult:
    """Hand on as many values as are only known now."""
    return TaskResult(record=Answer(value=number), handed={f"part[{n}]": n for n in range(number)})


def hand_block(scene: Scene, token: str, size: int) -> TaskResult:
    """Hand on ``size`` bytes that repeat a token."""
    return TaskResult(record=Answer(), handed={"block": block(token, size)})


def hand_thing(scene: Scene) -> TaskResult:
    """Hand on a thing that can be watched, and tell its identity."""
    made = Thing()
    return TaskResult(record=Answer(value=id(made)), handed={"thing": made})


def hand_lock(scene: Scene) -> TaskResult:
    """Hand on what no pickle can carry, beside something that can be."""
    return TaskResult(record=Answer(), handed={"fine": 1, "stuck": threading.Lock()})


def hand_refusing(scene: Scene) -> TaskResult:
    """Hand on a thing that raises when it is pickled."""
    return TaskResult(record=Answer(), handed={"stuck": Refusing()})


def hand_trap(scene: Scene) -> TaskResult:
    """Hand on a thing that raises when it is unpickled."""
    return TaskResult(record=Answer(), handed={"trap": Trap()})


def take(scene: Scene) -> dict[str, Any]:
    """Give back all that was handed."""
    return dict(scene.handed)


def take_identities(scene: Scene) -> dict[str, int]:
    """Tell the identities of all that was handed."""
    return {name: id(value) for name, value in scene.handed.items()}


def take_block(scene: Scene, token: str) -> tuple[int, bool]:
    """The size of a block, and whether it came unharmed."""
    value = scene.handed["block"]
    return len(value), bytes(value) == block(token, len(value))


def pass_on(scene: Scene) -> TaskResult:
    """Hand on what was handed."""
    return TaskResult(record=Answer(), handed=dict(scene.handed))


def block(token: str, size: int) -> bytes:
    """``size`` bytes that repeat a token."""
    return (token.encode() * (size // len(token) + 1))[:size]


class Thing:
    """Can be referred to weakly, and is equal to any other."""

    def __eq__(self, other: object) -> bool:
        """All things are alike."""
        return isinstance(other, Thing)

    def __hash__(self) -> int:
        """All things are alike."""
        return 1


class Refusing:
    """Raises when it is pickled."""

    def __reduce__(self) -> NoReturn:
        """No.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("not to be pickled")


class Trap:
    """Raises when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """What springs the trap."""
        return _spring, ()


def _spring() -> NoReturn:
    raise RuntimeError("not to be unpickled")


# ---- time ----------------------------------------------------------------------------------------


def until(scene: Scene, condition: Callable[[], bool], share: float = 1.0) -> bool:
    """Wait until something holds; whether it did before a share of patience, or the test, came to its end."""
    deadline = time.monotonic() + share * scene.patience
    while not condition():
        if time.monotonic() > deadline or Path(scene.folder, OVER).exists():
            return False
        time.sleep(PAUSE)
    return True


def until_open(scene: Scene, gate: str) -> bool:
    """Wait until a gate opens; whether it did."""
    return until(scene, Path(gate).exists)


def wait(scene: Scene, gate: str) -> bool:
    """Wait for a gate to open; whether it did."""
    scene.mark("waiting")
    return until_open(scene, gate)


def hand_after(scene: Scene, gate: str, values: Mapping[str, Any]) -> TaskResult:
    """Wait for a gate, then hand values on."""
    return TaskResult(record=Answer(value=until_open(scene, gate)), handed=dict(values))


def meet(scene: Scene, place: str, number: int) -> bool:
    """Wait until ``number`` tasks are at a place at once; whether they came."""
    folder = Path(place)
    folder.mkdir(exist_ok=True)
    (folder / scene.key).touch()
    return until(scene, lambda: len(list(folder.iterdir())) >= number)


def whereabouts(scene: Scene) -> dict[str, Any]:
    """Where a task runs."""
    return {
        "pid": os.getpid(),
        "main": threading.current_thread() is threading.main_thread(),
        "owns_process": scene.place.owns_process,
    }


def tidy(scene: Scene) -> None:
    """Wait for ever, and clear up when told to stop."""
    try:
        scene.mark("waiting")
        until(scene, never)
    finally:
        scene.mark("cleared up")


def stubborn(scene: Scene) -> None:
    """Ignore signals and swallow whatever is raised."""
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
    scene.mark("waiting")
    has_given_up = False
    while not has_given_up:
        with suppress(BaseException):
            has_given_up = not until(scene, never)


def never() -> bool:
    """What never holds."""
    return False


# ---- reports -------------------------------------------------------------------------------------


def tell(scene: Scene, number: int) -> bool:
    """Report 0, 1, …; whether all of it is sure to arrive."""
    return scene.report is not None and _tell(scene, range(number))


def tell_and_wait(scene: Scene, gate: str) -> bool:
    """Report something and wait for a gate; whether it opened."""
    _tell(scene, ["live"])
    return until_open(scene, gate)


def tell_from_threads(scene: Scene, threads: int, number: int) -> bool:
    """Report from several threads at once: ``(thread, 0)``, ``(thread, 1)``, …; whether all arrives."""
    tellers = [
        threading.Thread(target=_tell, args=(scene, [(who, n) for n in range(number)]))
        for who in range(threads)
    ]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    return scene.report is not None and scene.report.is_reliable


def tell_later(scene: Scene, gate: str) -> None:
    """Leave a thread behind that reports when a gate opens."""

    def late() -> None:
        until_open(scene, gate)
        try:
            _tell(scene, ["too late"])
        except Exception as error:  # noqa: BLE001 - that it raises is what the test looks for
            scene.mark("report raised", f"{type(error).__name__}: {error}")
        scene.mark("told late")

    threading.Thread(target=late, daemon=True).start()


def _tell(scene: Scene, records: Any) -> bool:
    if scene.report is None:
        return False
    for record in records:
        scene.report(record)
    return scene.report.is_reliable


# ---- bad manners ---------------------------------------------------------------------------------


def fail(scene: Scene, text: str) -> NoReturn:
    """Raise as user code does."""
    raise ValueError(text)


class Odd(BaseException):
    """What nobody expects to be raised."""


FAULTS: dict[str, BaseException] = {
    "SystemFault": SystemFault("the runner is broken"),
    "SystemExit": SystemExit(5),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "GeneratorExit": GeneratorExit(),
    "Odd": Odd("odd"),
}


def raise_through(scene: Scene, kind: str) -> NoReturn:
    """Raise what the runner lets out."""
    raise FAULTS[kind]


def leave_by_exit(scene: Scene, code: int) -> NoReturn:
    """End the process at once."""
    scene.mark("dying", str(time.time()))
    os._exit(code)


def leave_by_signal(scene: Scene, number: int) -> None:
    """Kill the process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    scene.mark("dying", str(time.time()))
    os.kill(os.getpid(), number)
    until(scene, never)


def leave_by_fault(scene: Scene) -> None:
    """Read where there is nothing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    scene.mark("dying", str(time.time()))
    ctypes.string_at(0)


def tell_and_leave(scene: Scene, number: int, code: int) -> NoReturn:
    """Report 0, 1, … and end the process at once."""
    _tell(scene, range(number))
    os._exit(code)


def flood(scene: Scene, size: int) -> int:
    """Write much, by Python and past it."""
    line = "x" * 1023 + "\n"
    for _ in range(size // 1024):
        sys.stdout.write(line)
        sys.stderr.write(line)
    sys.stdout.flush()
    if scene.place.owns_process:
        for _ in range(size // CHUNK):
            os.write(1, b"y" * CHUNK)
    return size


def flood_by_child(scene: Scene, size: int) -> int:
    """Let a child write much."""
    program = f"import sys; sys.stdout.write('z' * {size}); sys.stderr.write('z' * {size})"
    return subprocess.run([sys.executable, "-c", program], check=True).returncode  # noqa: S603 - our own program


def raise_child(scene: Scene) -> None:
    """Start a child that sleeps long, and wait for ever."""
    child = subprocess.Popen(["sleep", "120"])  # noqa: S607 - wherever it is
    scene.mark("child", str(child.pid))
    until(scene, never)


def fork(scene: Scene) -> int:
    """Fork a child that ends at once; its exit code."""
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def fork_astray(scene: Scene) -> bool:
    """Fork a child that leaves the task by ``sys.exit``, as careless code does; whether it has gone."""
    pid = os.fork()
    if pid == 0:
        sys.exit()
    has_gone = until(scene, lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, share=0.2)
    if not has_gone:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return has_gone


# ---- tables --------------------------------------------------------------------------------------


def hand_table(scene: Scene, library: str, rows: int) -> TaskResult:
    """Hand on a table of a library."""
    return TaskResult(record=Answer(value=rows), handed={"table": table(library, rows)})


def read_table(scene: Scene) -> dict[str, Any]:
    """What is in a table, and which library it came as."""
    from penstock.tables import kind_of, to_arrow  # noqa: PLC0415 - lazy, see the top

    value = scene.handed["table"]
    return {"kind": kind_of(value), "rows": to_arrow(value).to_pylist()}


def table(library: str, rows: int) -> Any:
    """A table with numbers, text, gaps and moments; the middle of a larger one."""
    pa: Any = import_module("pyarrow")
    numbers = range(-1, rows + 1)
    whole = pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "text": pa.array([f"tëxt {n}" if n % 3 else None for n in numbers], pa.string()),
            "real": pa.array([n / 4 for n in numbers], pa.float64()),
            "moment": pa.array([n * 1_000 for n in numbers], pa.timestamp("us")),
        }
    )
    return _as(library, whole.slice(1, rows))


def _as(library: str, made: Any) -> Any:
    if library == "pandas":
        return made.to_pandas()
    if library == "polars":
        return import_module("polars").from_arrow(made)
    return made
