from __future__ import annotations

import os

from penstock.host.instance import Instance
from penstock.testing.fixtures import instance_for_test, penstock_home_at
from penstock.testing.stories import tell


def test_the_default_instance_is_found_while_the_block_runs(penstock_home):
    with instance_for_test() as instance:
        tell(instance.store, "r")
        with Instance.get() as same:
            assert same.has_run("r")
    assert os.environ["PENSTOCK_HOME"] == str(penstock_home)
    assert not instance.home.exists()


def test_a_folder_that_was_given_stays(tmp_path):
    with instance_for_test(temp_dir=str(tmp_path)) as instance:
        assert instance.home == tmp_path
    assert (tmp_path / "penstock.db").exists()


def test_the_home_can_be_left_alone(penstock_home):
    with instance_for_test(set_home=False) as instance:
        assert os.environ["PENSTOCK_HOME"] == str(penstock_home)
        assert instance.home != penstock_home


def test_overrides_are_settings():
    with instance_for_test({"executor": "other"}) as instance:
        assert instance.settings.executor == "other"


def test_an_unset_home_is_unset_again(monkeypatch, tmp_path):
    monkeypatch.delenv("PENSTOCK_HOME")
    with penstock_home_at(tmp_path):
        assert os.environ["PENSTOCK_HOME"] == str(tmp_path)
    assert "PENSTOCK_HOME" not in os.environ
