"""The front of the metadata room."""

from __future__ import annotations

import subprocess
import sys

import pytest

import penstock.metadata


@pytest.mark.parametrize("name", penstock.metadata.__all__)
def test_every_public_name_is_there(name):
    assert getattr(penstock.metadata, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Nonsense"):
        penstock.metadata.Nonsense  # noqa: B018  # the access is the subject


def test_plain_metadata_needs_neither_tables_nor_codec():
    code = (
        "import sys; from penstock.metadata import normalize_metadata; normalize_metadata({'a': [1]});"
        "print([m for m in sys.modules if m in {'penstock.metadata.table', 'penstock.metadata.codec'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_rare_kind_is_found_when_it_is_first_made():
    code = "from penstock.metadata import MetadataValue; print(MetadataValue.job('j').job_name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "j"
