"""References to environment variables."""

from __future__ import annotations

import copy
import pickle

import pytest

from penstock.config import EnvVar, IntEnvVar


def test_the_text_of_a_reference_cannot_be_taken_by_accident():
    for reference in (EnvVar("A"), EnvVar.int("A")):
        with pytest.raises(RuntimeError, match="'A'"):
            str(reference)
        with pytest.raises(RuntimeError, match="'A'"):
            f"{reference}"


def test_a_reference_shows_its_name():
    assert repr(EnvVar("A")) == "EnvVar('A')"
    assert repr(EnvVar.int("A")) == "EnvVar.int('A')"
    assert EnvVar("A").env_var_name == "A"


def test_get_value_reads_this_process(monkeypatch):
    monkeypatch.setenv("CONF_N", "5")
    assert EnvVar("CONF_N").get_value() == "5"
    assert EnvVar.int("CONF_N").get_value() == 5
    monkeypatch.delenv("CONF_N")
    assert EnvVar("CONF_N").get_value("d") == "d"
    assert EnvVar("CONF_N").get_value() is None
    assert EnvVar.int("CONF_N").get_value(3) == 3


def test_references_survive_pickling_and_copying():
    for reference in (EnvVar("A"), EnvVar.int("A")):
        for again in (pickle.loads(pickle.dumps(reference)), copy.deepcopy(reference)):
            assert type(again) is type(reference)
            assert again.env_var_name == "A"


def test_references_to_integers_compare_by_name():
    assert EnvVar.int("A") == IntEnvVar.named("A")
    assert EnvVar.int("A") != EnvVar.int("B")
    assert EnvVar.int("A") != 0
    assert len({EnvVar.int("A"), EnvVar.int("A"), EnvVar.int("B")}) == 2
