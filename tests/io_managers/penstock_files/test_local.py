"""A local folder shows the old value or the new one, whatever happens."""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pytest

from penstock_files.checksum import verify
from penstock_files.formats import Encoded, encode
from penstock_files.local import DURABILITIES, LocalFolder
from penstock_files.temporary import is_temporary

WRITER = Path(__file__).with_name("kill_writer.py")
DIER = Path(__file__).with_name("die_at_call.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
_writer = runpy.run_path(str(WRITER))
version, number_in, ORIGIN = (_writer[name] for name in ("version", "number_in", "ORIGIN"))
FORMATS: list[Any] = [{"v": 1}, "text", b"bytes", (1, 2), pa.table({"n": [1]})]


@pytest.fixture(params=DURABILITIES)
def folder(request, tmp_path) -> LocalFolder:
    return LocalFolder(str(tmp_path), request.param)


def files(root: Path | str) -> list[str]:
    return sorted(path.name for path in Path(root).rglob("*") if path.is_file())


def test_a_value_comes_back(folder):
    published = folder.publish("pre/orders", encode({"a": 1}), ORIGIN)
    assert folder.load("pre/orders", None) == {"a": 1}
    assert folder.exists("pre/orders")
    assert published.path == f"{folder.root}/pre/orders.json"
    assert published.size == 8
    assert verify(published.path, published.checksum)
    folder.flush()


def test_an_asset_and_an_asset_below_it_stand_side_by_side(folder):
    folder.publish("a", encode(1), ORIGIN)
    folder.publish("a/b", encode(2), ORIGIN)
    folder.publish("a/b.part", encode(3), ORIGIN)
    assert [folder.load(stem, None) for stem in ("a", "a/b", "a/b.part")] == [1, 2, 3]


@pytest.mark.parametrize("first", FORMATS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("second", FORMATS, ids=lambda value: type(value).__name__)
def test_a_new_format_replaces_the_old_one(folder, first, second):
    folder.publish("value", encode(first), ORIGIN)
    folder.publish("value", encode(second), ORIGIN)
    assert folder.load("value", None) == second
    assert len(files(folder.root)) == 1


def test_the_newest_format_counts_when_a_crash_left_both(folder):
    folder.publish("value", encode("old"), ORIGIN)
    old = Path(folder.root, "value.txt")
    kept = old.read_bytes()
    seen = old.stat()
    folder.publish("value", encode({"new": 1}), ORIGIN)
    old.write_bytes(kept)
    os.utime(old, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert folder.load("value", None) == {"new": 1}
    later = LocalFolder(folder.root, folder.durability)
    later.publish("value", encode({"newer": 1}), ORIGIN)
    assert files(folder.root) == ["value.json"]


def test_what_another_process_has_put_there_is_replaced(folder):
    folder.publish("first", encode(1), ORIGIN)
    LocalFolder(folder.root, folder.durability).publish("value", encode("from another"), ORIGIN)
    os.utime(folder.root, ns=(1, 1))  # a time that differs, however coarse the clock
    folder.publish("value", encode({"mine": 1}), ORIGIN)
    assert files(folder.root) == ["first.json", "value.json"]


def test_a_folder_of_ours_does_not_hide_what_is_above(folder):
    folder.publish("value", encode("old"), ORIGIN)
    folder.publish("below/value", encode(1), ORIGIN)
    assert folder._listings[folder.root].is_current()
    folder.publish("value", encode({"new": 1}), ORIGIN)
    assert files(folder.root) == ["value.json", "value.json"]


def test_a_folder_that_somebody_removed_is_made_again(folder):
    published = folder.publish("x/value", encode(1), ORIGIN)
    Path(published.path).unlink()
    Path(folder.root, "x").rmdir()
    folder.publish("x/value", encode("two"), ORIGIN)
    assert folder.load("x/value", None) == "two"


def test_a_clock_that_went_back_does_not_bring_the_old_value_back(folder):
    folder.publish("value", encode("old"), ORIGIN)
    old = Path(folder.root, "value.txt")
    future = time.time_ns() + 10**15
    os.utime(old, ns=(future, future))
    kept = old.read_bytes()
    folder.publish("value", encode({"new": 1}), ORIGIN)
    old.write_bytes(kept)
    os.utime(old, ns=(future, future))
    assert folder.load("value", None) == {"new": 1}


def test_what_another_writer_put_there_meanwhile_is_not_removed(folder):
    folder.publish("value", encode("old"), ORIGIN)

    def while_writing(sink: BinaryIO) -> None:
        folder.publish("value", encode("from another"), ORIGIN)
        sink.write(b"{}")

    folder.publish("value", Encoded(extension=".json", write=while_writing), ORIGIN)
    assert files(folder.root) == ["value.json", "value.txt"]
    assert folder.load("value", None) == {}


def test_a_writer_that_fails_leaves_the_old_value_and_no_rest(folder):
    folder.publish("value", encode({"old": 1}), ORIGIN)

    def half(sink: BinaryIO) -> None:
        sink.write(b"x" * 100)
        raise OSError(28, "No space left on device")

    for extension in (".json", ".pickle"):
        with pytest.raises(OSError, match="No space"):
            folder.publish("value", Encoded(extension=extension, write=half), ORIGIN)
    assert folder.load("value", None) == {"old": 1}
    assert files(folder.root) == ["value.json"]


def test_a_name_that_cannot_be_taken_leaves_no_rest(folder):
    Path(folder.root, "value.json").mkdir()
    with pytest.raises(IsADirectoryError):
        folder.publish("value", encode(1), ORIGIN)
    assert files(folder.root) == []


def test_a_missing_value_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"none\.\*"):
        folder.load("none", None)
    assert not folder.exists("none")


def test_stale_temporary_files_are_swept_at_the_first_write(folder):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    stale = Path(folder.root, f".tmp-run-step-1-{child.pid}-0123abcd")
    stale.touch()
    os.utime(stale, (1, 1))
    folder.publish("value", encode(1), ORIGIN)
    assert files(folder.root) == ["value.json"]


def test_flushing_what_is_gone_does_no_harm(folder):
    published = folder.publish("x/value", encode(1), ORIGIN)
    Path(published.path).unlink()
    Path(folder.root, "x").rmdir()
    folder.flush()
    folder.flush()


def test_many_values_may_be_published_between_flushes(tmp_path):
    folder = LocalFolder(str(tmp_path), "batched")
    for number in range(1500):
        folder.publish(f"v{number}", encode(number), ORIGIN)
    assert len(folder._pending) < 1024
    folder.flush()
    assert not folder._pending
    assert folder.load("v1499", None) == 1499


def test_threads_publish_and_read_at_once(folder):
    """Readers poll while formats change: never nothing, never a mixture."""
    folder.publish("value", encode(version(0)), ORIGIN)
    faults: list[Any] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            try:
                number = number_in(folder.load("value", None))
            except Exception as error:  # noqa: BLE001
                faults.append(error)
                return
            if number < last:
                faults.append((last, number))
            last = number

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 200):
        folder.publish("value", encode(version(number)), ORIGIN)
    done.set()
    reader.join()
    assert faults == []


@pytest.mark.parametrize("durability", DURABILITIES)
def test_a_killed_writer_leaves_the_old_value_or_the_new_one(tmp_path, durability):
    """SIGKILL at random moments while versions of changing format are written."""
    dice = random.Random(durability)
    folder = LocalFolder(str(tmp_path), durability)
    folder.publish("pre/value", encode(version(0)), ORIGIN)
    current = 0
    for _ in range(10):
        acknowledged = run_and_kill(tmp_path, durability, current, dice)
        current = number_in(folder.load("pre/value", None))
        assert current in {acknowledged, acknowledged + 1}
    left = [name for name in files(tmp_path) if not is_temporary(name)]
    assert 1 <= len(left) <= 2


def run_and_kill(root: Path, durability: str, start: int, dice: random.Random) -> int:
    """Start a writer, kill it at an arbitrary instant, tell the last version that it acknowledged."""
    command = [sys.executable, str(WRITER), str(root), durability, str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(dice.randrange(1, 40))]
        for _ in range(dice.randrange(3000)):
            pass  # somewhere inside the next write
        child.send_signal(signal.SIGKILL)
        said += child.stdout.read().splitlines(keepends=True)
    numbers = [int(line) for line in said[1:] if line.endswith("\n")]
    return numbers[-1] if numbers else start


@pytest.mark.parametrize("when", ["before-json", "after-json", "before-text"])
@pytest.mark.parametrize("old", [None, "old", {"old": 1}], ids=["first", "text", "json"])
def test_death_at_any_call_leaves_the_old_value_or_the_new_one(tmp_path, old, when):
    """Every call to the operating system in turn is the last one; a later writer heals what is left."""
    new = {"new": "x"} if when.endswith("json") else "new x"
    for at in range(1, 60):
        root = tmp_path / str(at)
        folder = LocalFolder(str(root), "immediate")
        if old is not None:
            folder.publish("pre/value", encode(old), ORIGIN)
        command = [sys.executable, str(DIER), str(root), "immediate", "x", str(at), when]
        code = subprocess.run(command, env=ENVIRONMENT, check=False).returncode
        found = folder.load("pre/value", None) if folder.exists("pre/value") else None
        assert found in (old, new)
        if code == 0:
            assert found == new
            assert len(files(root)) == 1
            break
        assert code == 99
        folder.publish("pre/value", encode((1, 2)), ORIGIN)
        assert folder.load("pre/value", None) == (1, 2)
        assert [name for name in files(root) if not is_temporary(name)] == ["value.pickle"]
    else:
        raise AssertionError("the child never came through")
