"""Opening: what works, and what is refused with a message that says what to do."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from penstock.errors import StoreError
from penstock.events import values as v
from penstock.events.runs import RunsFilter
from penstock.spi.store import EventQuery
from penstock.store import place
from penstock.store.migrate import APPLICATION, known_migrations
from penstock.store.open import open_store, sqlite_path, sqlite_url
from penstock.testing.conformance.store import finished_run

CORE = Path(__file__).resolve().parents[3] / "core"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "penstock.db"


@pytest.fixture
def filled(path):
    with closing(open_store(sqlite_url(path))) as store:
        finished_run(store, "r")
    return path


def refusal(path, **options):
    with pytest.raises(StoreError) as caught:
        open_store(sqlite_url(path), **options).close()
    message = str(caught.value)
    assert str(path) in message or str(path.parent) in message
    assert len(message) < 600
    return message


def test_a_path_with_odd_letters_survives_its_url(tmp_path):
    path = tmp_path / "a b%20?#ü" / "penstock.db"
    assert sqlite_path(sqlite_url(path)) == str(path)
    open_store(sqlite_url(path)).close()
    assert path.exists()


def test_a_missing_folder_is_made(tmp_path):
    path = tmp_path / "one" / "two" / "penstock.db"
    with closing(open_store(sqlite_url(path))) as store:
        assert store.info().schema_version == known_migrations()[-1].version
        assert store.info().url == sqlite_url(path)


@pytest.mark.parametrize("url", ["postgres://x", "sqlite:relative.db", "/plain/path", ""])
def test_an_unknown_url_is_refused_with_the_known_ones(url):
    with pytest.raises(StoreError, match="sqlite:///absolute"):
        open_store(url)


def test_an_empty_file_becomes_a_database(path):
    path.touch()
    open_store(sqlite_url(path)).close()
    assert path.stat().st_size > 0


def test_a_database_whose_making_was_cut_short_is_made_again(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("VACUUM")
    with closing(open_store(sqlite_url(path))) as store:
        finished_run(store, "r")


def set_schema(path, version):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


def test_a_newer_schema_is_refused_and_left_alone(filled):
    set_schema(filled, 99)
    before = filled.read_bytes()
    message = refusal(filled)
    assert "schema 99" in message
    assert f"up to {known_migrations()[-1].version}" in message
    assert filled.read_bytes() == before


def test_an_older_schema_says_how_to_migrate(filled):
    set_schema(filled, 0)
    assert "penstock instance migrate" in refusal(filled)


def test_a_foreign_database_is_refused(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    assert "not one of Penstock" in refusal(path)
    assert APPLICATION.to_bytes(4) == b"PSTC"


@pytest.mark.parametrize("content", [b"not a database at all", b"{}", b"SQLite format 2" + bytes(5000)])
def test_a_file_that_is_no_database_is_refused(path, content):
    path.write_bytes(content)
    assert "not a Penstock database" in refusal(path)
    assert path.read_bytes() == content


def test_a_cut_database_is_refused(filled):
    filled.write_bytes(filled.read_bytes()[:5000])
    message = refusal(filled)
    assert "damaged" in message
    assert ".recover" in message


def test_damaged_pages_are_told_or_harmless(filled, tmp_path):
    whole = filled.read_bytes()
    told = []
    for page in range(0, len(whole), 4096):
        path = tmp_path / f"{page}.db"
        path.write_bytes(whole[:page] + b"\xff" * 40 + whole[page + 40 :])
        try:
            with closing(open_store(sqlite_url(path))) as store:
                store.read(EventQuery())
                store.runs(RunsFilter())
                store.assets()
                finished_run(store, "2")
        except StoreError as error:
            told.append(str(path) in str(error))
    assert len(told) >= 5
    assert all(told)


def test_a_body_that_is_garbage_is_told_as_damage(filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER facts_never_change")
        connection.execute("UPDATE facts SET body = x'5b31'")
    with closing(open_store(sqlite_url(filled))) as store, pytest.raises(StoreError, match="damaged"):
        store.read(EventQuery())


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    assert "PENSTOCK_HOME" in refusal(tmp_path / "file" / "penstock.db")


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    (tmp_path / "penstock.db").mkdir()
    assert "cannot be read" in refusal(tmp_path / "penstock.db")


OPEN = """
import sys
from penstock.store.open import open_store, sqlite_url
open_store(sqlite_url(sys.argv[1]))
"""


def test_a_folder_without_permission_is_told(tmp_path, bound_by_permissions):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(home / "penstock.db")], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(CORE)}, **bound_by_permissions,
    )  # fmt: skip
    assert "StoreError" in done.stderr
    assert "may not write" in done.stderr


def test_a_full_disk_is_told_and_earlier_rows_stay(filled):
    with closing(open_store(sqlite_url(filled))) as store:
        with store.database.write(full=True) as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # a disk with room for two pages
        seq = store.runs(RunsFilter())[0].last_seq
        with pytest.raises(StoreError, match=r"full.*Free some space"):
            store.append("r", seq, [v.EngineNoted(at=1.0, message="x" * 30_000)])
        assert len(store.read(EventQuery(run_id="r"))) == seq
        with store.database.write(full=True) as connection:
            connection.execute("PRAGMA max_page_count = 100000")
        store.append("r", seq, [v.EngineNoted(at=1.0, message="x" * 30_000)])


def test_a_program_that_keeps_the_file_locked_is_named(filled):
    with (
        closing(open_store(sqlite_url(filled))) as store,
        closing(sqlite3.connect(filled, isolation_level=None)) as other,
    ):
        with store.database.write(full=True) as connection:
            connection.execute("SELECT 1")
        connection.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked for too long"):
            store.tag_run("r", {"a": "b"})
        other.execute("ROLLBACK")
        store.tag_run("r", {"a": "b"})


# ---- file systems --------------------------------------------------------------------------------

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/x /mnt/share nfs4 rw 0 0
//box/y /mnt/with\\040space cifs rw 0 0
tmpfs /mnt/share/fast tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/penstock.db", "ext4"),
        ("/mnt/share/penstock.db", "nfs4"),
        ("/mnt/shared/penstock.db", "ext4"),
        ("/mnt/share/fast/penstock.db", "tmpfs"),
        ("/mnt/with space/penstock.db", "cifs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path, kind):
    assert place.file_system_of(path, MOUNTS) == kind


def test_a_network_file_system_is_refused():
    with pytest.raises(StoreError, match=re.escape("(nfs4)") + r".*PENSTOCK_ALLOW_NETWORK_FS=1"):
        place.refuse_network_file_system("/mnt/share/penstock.db", MOUNTS)
    place.refuse_network_file_system("/home/penstock.db", MOUNTS)


def test_a_copy_of_a_closed_database_is_whole(filled, tmp_path):
    shutil.copy(filled, tmp_path / "copy.db")
    with closing(open_store(sqlite_url(tmp_path / "copy.db"))) as store:
        assert len(store.read(EventQuery())) == 7
    with suppress(FileNotFoundError):
        (tmp_path / "copy.db-wal").unlink()
