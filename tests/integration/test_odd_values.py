"""Values that cannot be stored, keys that look like paths, disks without room: told, and nothing is torn."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest

ONE_SCREEN = 24
KEYED = """
    from penstock import AssetIn, AssetKey, asset

    @asset(key=AssetKey({parts!r}))
    def odd(): return {{"value": 42}}

    @asset(ins={{"odd": AssetIn(key=AssetKey({parts!r}))}})
    def reader(odd): return odd["value"]
"""


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


# ---- keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    ["..", ".", "", "../../outside", "/outside", "a/b", "a\\b", "a\0b", "a\nb", "k" * 300, "%2e%2e", "~"],
)
@pytest.mark.parametrize("place", ["alone", "within"])
def test_a_key_that_looks_like_a_path_is_refused_before_anything_is_stored(desk, tmp_path, part, place):
    parts = [part] if place == "alone" else ["before", part, "behind"]
    desk.write("odd.py", KEYED.format(parts=parts))
    before = set(files_below(tmp_path))
    ended = desk.call("materialize", "-f", "odd.py", env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert "asset key" in ended.said
    assert len(ended.said.splitlines()) <= ONE_SCREEN
    assert set(files_below(tmp_path)) == before
    assert not list(desk.home.rglob("storage/*"))


@pytest.mark.parametrize(
    "part", ["...", "....", "con", "k" * 255, ".tmp-x-y-1-1-0123abcd", "x.json", "-rf", "_"]
)
def test_an_odd_but_honest_key_is_stored_inside_the_storage_folder_and_read_back(desk, tmp_path, part):
    desk.write("odd.py", KEYED.format(parts=[part]))
    ended = desk.call("materialize", "-f", "odd.py", env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert ended.code == 0, ended.said
    again = desk.call(
        "materialize", "-f", "odd.py", "--select", "reader", env={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert again.code == 0, again.said
    stored = [path for path in files_below(tmp_path) + files_below(desk.home) if path.suffix == ".json"]
    assert len(stored) == 2
    assert all(path.is_relative_to(desk.home / "storage") for path in stored)


@pytest.mark.parametrize(
    "key", ["../../outside", "..", "/outside", "a/b", "p" * 300, "ü", "a b", "con", ".tmp"]
)
def test_an_odd_partition_is_stored_inside_the_storage_folder_and_read_back(desk, tmp_path, key):
    desk.write("odd.py", f"""
        from penstock import StaticPartitionsDefinition, asset

        parts = StaticPartitionsDefinition([{key!r}])

        @asset(partitions_def=parts)
        def odd(): return {{"value": 42}}

        @asset(partitions_def=parts)
        def reader(odd): return odd["value"]
    """)  # fmt: skip
    for selection in ("odd", "reader"):
        ended = desk.call("materialize", "-f", "odd.py", "--partition", key, "--select", selection)
        assert ended.code == 0, ended.said
    stored = [path for path in files_below(tmp_path) + files_below(desk.home) if path.suffix == ".json"]
    assert len(stored) == 2
    assert all(path.is_relative_to(desk.home / "storage") for path in stored)


# ---- values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("threading.Lock()", "_thread.lock"),
        ("lambda: 1", "function"),
        ("{'deep': [open(__file__)]}", "dict"),
        ("iter([1])", None),
        ("Grumpy()", "Grumpy"),
        ("nested(100_000)", "list"),
    ],
)
def test_a_value_that_cannot_be_stored_is_told_with_its_asset_its_type_and_what_to_do(desk, value, kind):
    desk.write("odd.py", f"""
        import threading
        from penstock import asset

        class Grumpy:
            def __reduce__(self): raise RuntimeError("no")

        def nested(depth):
            value = []
            for _ in range(depth):
                value = [value]
            return value

        @asset
        def held(): return {value}
    """)  # fmt: skip
    ended = desk.call("materialize", "-f", "odd.py")
    sys.stdout.write(ended.said)
    if kind is None:  # whatever pickle takes is taken
        assert ended.code == 0, ended.said
        return
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert "Asset 'held'" in ended.said
    assert kind in ended.said
    assert "io_manager_key" in ended.said
    assert len(ended.said.splitlines()) <= ONE_SCREEN
    assert desk.runs()[0]["status"] == "FAILURE"
    assert files_below(desk.home / "storage") == []


def test_what_was_stored_before_stays_when_the_next_value_cannot_be(desk):
    desk.write("odd.py", "from penstock import asset\n\n@asset\ndef held(): return {'good': 1}\n")
    assert desk.call("materialize", "-f", "odd.py").code == 0
    desk.write("odd.py", "from penstock import asset\n\n@asset\ndef held(): return lambda: 1\n")
    assert desk.call("materialize", "-f", "odd.py").code == 2
    assert json.loads((desk.home / "storage" / "held.json").read_text()) == {"good": 1}


# ---- no room ---------------------------------------------------------------------------------------------

GROWING = """
    import pyarrow as pa
    from penstock import asset

    @asset
    def small(): return {"n": 1}

    @asset(deps=[small])
    def large() -> pa.Table:
        return pa.table({"n": pa.array(range(200_000)), "s": [str(n) for n in range(200_000)]})
"""


def files_of_at_most(size):
    """Options of a process whose files may not grow beyond a size: writing then fails as on a full disk.

    Python would write byte code that is cut off as well, and read it ever after.
    """
    return {
        "env": {"PYTHONDONTWRITEBYTECODE": "1"},
        "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    }


def test_a_table_that_finds_no_room_fails_its_step_and_leaves_nothing_half_written(desk):
    desk.write("code.py", GROWING)
    assert desk.call("run", "list").code == 0  # the database is made
    ended = desk.call("materialize", "-f", "code.py", **files_of_at_most(500_000))
    sys.stdout.write(ended.said)
    assert ended.code == 1, ended.said
    assert "Traceback" not in ended.said
    assert "cannot write" in ended.said
    assert "Free space" in ended.said
    assert [path.name for path in files_below(desk.home / "storage")] == ["small.json"]
    run = desk.runs()[0]
    assert run["status"] == "FAILURE"
    again = desk.call("run", "retry", run["run_id"])
    assert again.code == 0, again.said
    assert "done     small" not in again.out


def test_a_database_that_finds_no_room_is_told_and_the_next_command_goes_on(desk):
    desk.write("code.py", """
        from penstock import MaterializeResult, asset

        def made(number):
            @asset(name=f"a{number}")
            def one(): return MaterializeResult(metadata={"text": "x" * 50_000})
            return one

        assets = [made(number) for number in range(40)]
        globals().update({f"a{n}": one for n, one in enumerate(assets)})
    """)  # fmt: skip
    assert desk.call("run", "list").code == 0
    ended = desk.call("materialize", "-f", "code.py", **files_of_at_most(600_000))
    sys.stdout.write(ended.said)
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert str(desk.home / "penstock.db") in ended.said
    (run,) = desk.runs()
    assert run["status"] == "FAILURE"
    again = desk.call("run", "retry", run["run_id"])
    assert again.code == 0, again.said


def test_a_home_on_a_disk_without_any_room_says_so(desk):
    desk.write("code.py", GROWING)
    ended = desk.call("materialize", "-f", "code.py", **files_of_at_most(0))
    sys.stdout.write(ended.said)
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert str(Path(desk.home)) in ended.said
