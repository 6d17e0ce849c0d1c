"""Receipts tell whether a file still is what was stored."""

from __future__ import annotations

import subprocess
from io import BytesIO

from penstock_files.checksum import HashingSink, checksum_of, verify, written


def test_a_changed_file_does_not_fit_its_checksum(tmp_path):
    path = tmp_path / "value.bin"
    path.write_bytes(b"content")
    checksum = written(b"content").checksum
    assert verify(str(path), checksum)
    path.write_bytes(b"cOntent")
    assert not verify(str(path), checksum)


def test_a_stream_has_the_checksum_of_its_content():
    target = BytesIO()
    sink = HashingSink(target)
    sink.write(b"con")
    sink.write(memoryview(b"tent"))
    assert sink.written() == written(b"content")
    assert target.getvalue() == b"content"
    assert sink.tell() == 7


def test_the_checksum_is_the_beginning_of_what_sha256sum_prints(tmp_path):
    path = tmp_path / "value.bin"
    path.write_bytes(b"content")
    printed = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout
    assert checksum_of(str(path)) == f"sha256:{printed[:16]}"
