"""Values wait in shared memory for other processes, and nothing stays behind."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from penstock import tables
from penstock.errors import HandleOutputError
from penstock_local import folders, shelf
from penstock_local.folders import choose_directory
from penstock_local.shelf import Parcel, Shelf

MANY = 50_000
READER = """
import pickle, sys
import numpy as np
from penstock import tables
from penstock_local.shelf import Shelf
directory, parcel = pickle.load(sys.stdin.buffer)
value = tables.unpack(Shelf(directory).get(parcel))
sys.stdout.write(f"{type(value).__name__} {len(value)} {int(np.asarray(value['n']).sum())}")
"""


@pytest.fixture
def own() -> Iterator[Shelf]:
    made = Shelf(choose_directory())
    yield made
    made.close()


def large() -> pa.Table:
    return pa.table({"n": np.arange(MANY), "s": [f"row {n}" for n in range(MANY)]})


VALUES = {
    "Table": large,
    "pandas": lambda: large().to_pandas(),
    "polars": lambda: pl.from_arrow(large()),
    "objects": lambda: pd.DataFrame({"a": pd.Series([1, "b"] * MANY, dtype=object)}),
    "numpy": lambda: np.arange(MANY).reshape(-1, 5).T,
    "strings": lambda: [str(n) for n in range(MANY)],
    "bytes": lambda: b"x" * MANY * 2,
    "small": lambda: {"a": 1},
    "empty": lambda: pa.table({"n": pa.array([], pa.int64())}),
    "no columns": lambda: large().select([]),
}


@pytest.mark.parametrize("case", VALUES)
def test_what_is_put_is_got(own, case):
    value = VALUES[case]()
    parcel = pickle.loads(pickle.dumps(own.put("a value", tables.pack(value))))
    found = tables.unpack(own.get(parcel))
    assert type(found) is type(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(found, value)
    elif isinstance(value, np.ndarray):
        assert np.array_equal(found, value)
    elif isinstance(value, pl.DataFrame):
        assert found.equals(value)
    else:
        assert found == value
    assert len(pickle.dumps(parcel)) < 2000 or parcel.path is None


@pytest.mark.parametrize("case", ["Table", "pandas"])
def test_another_process_reads_it(own, case):
    value = VALUES[case]()
    parcel = own.put("step[a]#1/result", tables.pack(value))
    message = pickle.dumps((own.directory, parcel))
    done = subprocess.run([sys.executable, "-c", READER], input=message, capture_output=True, check=True)
    assert done.stdout.decode() == f"{type(value).__name__} {MANY} {MANY * (MANY - 1) // 2}"


def mappings() -> list[tuple[int, int, str]]:
    """Where this process has mapped files."""
    found: list[tuple[int, int, str]] = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, *_, path = [*line.split(maxsplit=5), ""][:6]
        low, high = (int(one, 16) for one in place.split("-"))
        found.append((low, high, path))
    return found


def is_mapped(address: int, path: str) -> bool:
    return any(low <= address < high and name == path for low, high, name in mappings())


def test_a_table_is_read_where_it_lies(own):
    parcel = own.put("t", tables.pack(large()))
    gc.collect()  # else what others left may go just now
    before = pa.total_allocated_bytes()
    found = tables.unpack(own.get(parcel))
    assert pa.total_allocated_bytes() <= before
    buffers = [one for column in found.columns for one in column.chunk(0).buffers() if one is not None]
    assert len(buffers) == 3
    assert all(is_mapped(one.address, parcel.path) for one in buffers)


def test_an_array_is_read_where_it_lies(own):
    parcel = own.put("a", tables.pack(np.arange(MANY)))
    found = tables.unpack(own.get(parcel))
    assert is_mapped(found.ctypes.data, parcel.path)
    assert found.ctypes.data % 64 == 0
    assert not found.flags.writeable


def test_a_reader_keeps_what_was_dropped(own):
    parcel = own.put("t", tables.pack(large()))
    found = tables.unpack(own.get(parcel))
    own.drop(parcel)
    own.drop(parcel)
    assert list(own.directory.iterdir()) == []
    assert found == large()
    with pytest.raises(FileNotFoundError):
        own.get(parcel)


def test_a_small_value_needs_no_file(own):
    parcel = own.put("t", tables.pack(large().slice(0, 10)))
    assert parcel.path is None
    assert list(own.directory.iterdir()) == []
    assert tables.unpack(own.get(parcel)).num_rows == 10
    own.drop(parcel)


def test_a_name_is_replaced_whole(own):
    first = own.put("t", tables.pack(np.zeros(MANY)))
    reader = tables.unpack(own.get(first))
    second = own.put("t", tables.pack(np.ones(MANY)))
    assert list(own.directory.iterdir()) == [Path(second.path)]
    assert reader.sum() == 0
    assert tables.unpack(own.get(second)).sum() == MANY


@pytest.mark.parametrize("name", ["a/b", "..", "x" * 1000, "été\ud800", "a b\n"])
def test_any_name_will_do(own, name):
    parcel = own.put(name, tables.pack(np.zeros(MANY)))
    assert Path(parcel.path).parent == own.directory
    assert own.get(parcel).nbytes == parcel.nbytes


def test_only_the_user_can_look_inside(own):
    parcel = own.put("t", tables.pack(large()))
    assert own.directory.stat().st_mode & 0o777 == 0o700
    assert Path(parcel.path).stat().st_mode & 0o777 == 0o600


class Bursting:
    """A value whose pickle has a buffer that cannot be written."""

    nbytes = 1 << 20


def test_nothing_is_seen_of_a_write_that_failed(own):
    packed = tables.Packed(kind="object", nbytes=1 << 20, body=Bursting())
    with pytest.raises(AttributeError):
        own.put("t", packed)
    assert list(own.directory.iterdir()) == []


def test_values_overflow_into_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LEAST_ROOM", 1 << 60)
    monkeypatch.setattr(folders, "SHARED_MEMORY", str(tmp_path / "shm"))
    directory = tmp_path / "shm" / "penstock-x"
    directory.mkdir(parents=True)
    own = Shelf(directory, tmp_path / "overflow")
    parcel = own.put("t", tables.pack(large()))
    assert Path(parcel.path).parent == tmp_path / "overflow"
    assert (tmp_path / "overflow").stat().st_mode & 0o777 == 0o700
    assert tables.unpack(own.get(parcel)) == large()
    own.close()
    assert not (tmp_path / "overflow").exists()
    assert not directory.exists()


def test_a_full_machine_is_told_with_numbers(tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    own = Shelf(tmp_path / "a", tmp_path / "b")

    def never(folder: Path, name: str, packed: tables.Packed) -> Path:
        with full.open("wb", buffering=0) as file:
            file.write(b"x")
        return folder / name

    own._write = never
    with pytest.raises(HandleOutputError, match=r"numpy.ndarray of 0 MiB.*MiB in .*TMPDIR"):
        own.put("t", tables.pack(np.zeros(MANY)))


OWNER = """
import sys
from penstock_local import folders
folders.SHARED_MEMORY = sys.argv[1]
print(folders.choose_directory(), flush=True)
sys.stdin.read()
"""


def owner(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", OWNER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_what_a_killed_owner_left_is_removed_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "SHARED_MEMORY", str(tmp_path))  # others look after that of the machine
    monkeypatch.setattr(folders, "LEAST_ROOM", 0)
    with owner(tmp_path) as dead, owner(tmp_path) as alive:
        left = Path(dead.stdout.readline().decode().strip())
        kept = Path(alive.stdout.readline().decode().strip())
        (left / "file").write_bytes(b"x")
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert left.exists()
        folders.remove_leftovers()
        assert not left.exists()
        assert kept.exists()
        alive.kill()
    folders.remove_leftovers()
    assert not kept.exists()


def test_a_process_that_has_an_old_id_owns_nothing_of_its_forerunner(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "SHARED_MEMORY", str(tmp_path))
    namespace, pid, started = folders.owner_mark(os.getpid()).split("-")
    earlier = tmp_path / f"penstock-{namespace}-{pid}-{int(started) - 1}-abcd"
    mine = tmp_path / f"penstock-{namespace}-{pid}-{started}-abcd"
    elsewhere = tmp_path / f"penstock-{int(namespace) + 1}-{pid}-{int(started) - 1}-abcd"
    foreign = tmp_path / "penstock-notes"
    for one in (earlier, mine, elsewhere, foreign):
        one.mkdir()
    folders.remove_leftovers()
    assert sorted(tmp_path.iterdir()) == sorted([mine, elsewhere, foreign])


@pytest.mark.parametrize("shared", ["missing", "full"])
def test_without_room_in_shared_memory_the_temporary_folder_serves(tmp_path, monkeypatch, shared):
    if shared == "full":
        monkeypatch.setattr(folders, "LEAST_ROOM", 1 << 60)
    else:
        monkeypatch.setattr(folders, "SHARED_MEMORY", str(tmp_path / "missing"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = choose_directory()
    assert made.parent == tmp_path
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_parcel_is_a_value():
    assert shelf.INLINE == 64 << 10
    parcel = Parcel(kind="object", nbytes=1, path=None, form="inline", facts=b"x")
    assert parcel == pickle.loads(pickle.dumps(parcel))
