"""Logs of steps: no file without text, no harm by names, a limit that one can see."""

from __future__ import annotations

import os
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.store.logs import LogFolder, LogWriter, Stream, file_name


@pytest.fixture
def logs(tmp_path):
    return LogFolder(tmp_path / "logs", limit=100)


def test_a_step_that_writes_nothing_makes_no_file(logs):
    writer = logs.writer("r", "s")
    writer.write("")
    writer.close()
    assert not logs.root.exists()
    assert logs.read("r", "s").size == 0
    assert logs.streams("r", "s") == ()


def test_text_is_read_from_an_offset(logs):
    writer = logs.writer("r", "s", Stream.OUT)
    writer.write("first\n")
    chunk = logs.read("r", "s", Stream.OUT)
    assert (chunk.text, chunk.next_offset, chunk.size) == ("first\n", 6, 6)
    writer.write(b"second\n")
    assert logs.read("r", "s", Stream.OUT, offset=chunk.next_offset).text == "second\n"
    assert logs.read("r", "s", Stream.OUT, offset=-5).text == "cond\n"
    assert logs.read("r", "s", Stream.OUT, limit=3).next_offset == 3
    assert logs.read("r", "s", Stream.OUT, offset=99).text == ""
    assert logs.streams("r", "s") == (Stream.OUT,)
    writer.close()


def test_a_further_attempt_goes_on_in_the_same_file(logs):
    for text in ("one\n", "two\n"):
        writer = logs.writer("r", "s")
        writer.write(text)
        writer.close()
        writer.close()
    assert logs.read("r", "s").text == "one\ntwo\n"


def test_a_log_beyond_its_limit_says_so_once(logs):
    for _ in range(2):
        writer = logs.writer("r", "s")
        for _ in range(30):
            writer.write("0123456789")
        assert writer.is_truncated
        writer.close()
    text = logs.read("r", "s").text
    assert text.startswith("0123456789" * 10)
    assert text.count("truncated: this log reached 100 bytes") == 1
    assert len(text) < 200


def test_text_that_is_not_unicode_is_kept_readable(logs):
    writer = logs.writer("r", "s")
    writer.write("a\udc80b")
    writer.write(b"\xff")
    writer.close()
    assert logs.read("r", "s").text == "a\\udc80b�"


def test_a_disk_that_takes_nothing_does_not_stop_the_step(tmp_path):
    (tmp_path / "file").touch()
    writer = LogWriter(tmp_path / "file" / "below.log")
    writer.write("lost")
    assert writer.is_truncated


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_does_not_stop_the_step(tmp_path):
    (tmp_path / "x.log").symlink_to("/dev/full")
    writer = LogWriter(tmp_path / "x.log")
    writer.write("lost")
    assert writer.is_truncated
    writer.close()


def test_lines_of_threads_are_not_torn(tmp_path):
    writer = LogWriter(tmp_path / "x.log")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda letter: [writer.write(letter * 50 + "\n") for _ in range(50)], "abcd"))
    writer.close()
    lines = (tmp_path / "x.log").read_text().splitlines()
    assert sorted(lines) == sorted(letter * 50 for letter in "abcd" for _ in range(50))


def test_logs_of_a_run_can_be_deleted(logs):
    for run in ("1", "2"):
        writer = logs.writer(run, "s")
        writer.write("x")
        writer.close()
    logs.delete("1")
    logs.delete("never there")
    assert (logs.read("1", "s").size, logs.read("2", "s").size) == (0, 1)


def test_old_logs_go_and_young_ones_stay(logs):
    assert logs.delete_older_than(5.0) == 0
    for run, moment in (("old", 10), ("young", 1000)):
        writer = logs.writer(run, "s")
        writer.write("x")
        writer.close()
        os.utime(writer.path, (moment, moment))
        os.utime(writer.path.parent, (10, 10))
    assert logs.delete_older_than(500.0) == 1
    assert logs.read("young", "s").text == "x"


# ---- names ---------------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters() | st.sampled_from("/.%\x00")))
def test_any_name_is_one_harmless_segment(name):
    made = file_name(name)
    assert made not in {"", ".", ".."}
    assert "/" not in made
    assert "\x00" not in made
    assert len(made.encode()) <= 180


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_names_never_share_a_file(one, two):
    assert (file_name(one) == file_name(two)) == (one == two)


@pytest.mark.parametrize("name", ["step", "work[a b]", "a__b", "x.y"])
def test_usual_names_stay_readable(name):
    assert file_name(name) == name


def test_long_names_that_begin_alike_differ():
    long = string.ascii_letters * 20
    assert file_name(long + "1") != file_name(long + "2")
