from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.errors import InvariantViolationError, SettingsError, StoreError
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.host.instance import Instance, current_instance, retention_policy
from penstock.host.settings import Settings, settings_of
from penstock.store.retention import RetentionPolicy
from penstock.testing.stories import run_story, tell


def test_an_ephemeral_instance_makes_no_thread_and_no_folder(tmp_path, monkeypatch, begun_threads):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Instance.ephemeral() as instance:
        tell(instance.store, "r")
        assert instance.get_runs_count() == 1
        assert begun_threads() == []
        assert instance.is_ephemeral
        assert not instance.is_durable
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_an_ephemeral_instance_goes_with_it():
    with Instance.ephemeral() as instance:
        storage = Path(instance.storage_directory())
        assert storage.parent == instance.home
        assert instance.home.is_dir()
        assert instance.log_dir.parent == instance.home
        home = instance.home
    assert not home.exists()


def test_the_folder_of_a_forgotten_instance_goes_too():
    instance = Instance.ephemeral()
    home = instance.home
    del instance
    gc.collect()
    assert not home.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_the_folder_of_its_parent_alone():
    with Instance.ephemeral() as instance:
        home = instance.home
        child = os.fork()
        if child == 0:
            instance._sweep()
            os._exit(0)
        os.waitpid(child, 0)
        assert home.is_dir()


def test_ephemeral_instances_share_nothing():
    with Instance.ephemeral() as one, Instance.ephemeral() as two:
        tell(one.store, "r")
        assert two.get_runs() == []
        assert one.home != two.home


def test_an_ephemeral_instance_may_be_given_a_folder_for_files(tmp_path):
    with Instance.ephemeral(tmp_path) as instance:
        assert instance.storage_directory() == str(tmp_path)


def test_an_instance_in_a_folder_finds_everything_again(tmp_path):
    with Instance.local_temp(tmp_path) as instance:
        tell(instance.store, "r")
        instance.add_dynamic_partitions("d", ["x"])
        assert instance.is_durable
    with Instance.local_temp(tmp_path) as again:
        assert again.has_run("r")
        assert again.has_dynamic_partition("d", "x")


def test_an_instance_in_a_temporary_folder_leaves_nothing():
    with Instance.local_temp() as instance:
        home = instance.home
        assert (home / "penstock.db").exists()
    assert not home.exists()


def test_a_folder_that_was_given_stays_and_is_not_told_of(tmp_path, capsys):
    with Instance.local_temp(str(tmp_path / "new")) as instance:
        assert instance.root_directory == str(tmp_path / "new")
    assert (tmp_path / "new").is_dir()
    assert capsys.readouterr().err == ""


def test_overrides_are_settings(tmp_path):
    with Instance.local_temp(tmp_path, {"log_dir": "l", "storage_dir": "s3://b"}) as instance:
        assert instance.logs_directory() == str(tmp_path / "l")
        assert instance.storage_directory() == "s3://b"


def test_wrong_overrides_leave_no_folder_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SettingsError):
        Instance.local_temp(None, {"nonsense": 1})
    assert list(tmp_path.iterdir()) == []


def test_the_default_instance_lies_in_the_home_and_says_so_once(penstock_home, capsys):
    with Instance.get() as instance:
        assert instance.home == penstock_home
    assert capsys.readouterr().err == f"Created Penstock home at {penstock_home}\n"
    Instance.get().close()
    assert capsys.readouterr().err == ""


def test_an_unusable_home_is_refused(penstock_home):
    penstock_home.parent.mkdir(exist_ok=True)
    penstock_home.write_text("")
    with pytest.raises(SettingsError, match="Set PENSTOCK_HOME"):
        Instance.get()


def test_a_store_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(StoreError, match="carrier-pigeon"):
        Instance.open(Settings(home=tmp_path, store="carrier-pigeon:x"))


def test_the_current_instance_is_opened_once(penstock_home):
    first = current_instance()
    try:
        assert current_instance() is first
        assert first.home == penstock_home
    finally:
        first.close()
    again = current_instance()
    assert again is not first
    again.close()


def test_a_durable_instance_travels_by_reference(tmp_path):
    with Instance.local_temp(tmp_path, {"log_dir": "l"}) as instance:
        tell(instance.store, "r")
        with pickle.loads(pickle.dumps(instance)) as copy:
            assert copy.settings == instance.settings
            assert copy.has_run("r")


def test_an_ephemeral_instance_cannot_travel():
    with Instance.ephemeral() as instance, pytest.raises(InvariantViolationError, match="local_temp"):
        pickle.dumps(instance)


def test_closing_twice_does_no_harm():
    instance = Instance.ephemeral()
    instance.close()
    instance.close()
    assert not instance.is_open


def test_the_store_tells_its_state(tmp_path):
    with Instance.local_temp(tmp_path) as instance:
        tell(instance.store, "r")
        assert instance.info().runs == 1
        assert "penstock.db" in repr(instance)


def test_settings_say_which_runs_may_go(tmp_path):
    settings = settings_of(tmp_path, {"retention": {"runs_days": 2, "runs_keep": 5}})
    assert retention_policy(settings) == RetentionPolicy(older_than=172_800, keep_last=5)


def test_by_default_no_run_goes():
    with Instance.ephemeral() as instance:
        tell(instance.store, "r")
        assert instance.retain().run_ids == ()
        assert instance.has_run("r")


def test_old_runs_go_with_their_logs(tmp_path):
    with Instance.local_temp(tmp_path, {"retention": {"runs_days": 1}}) as instance:
        facts = {"s": [v.AssetMaterialization("a")]}
        tell(instance.store, "old", run_story(["s"], facts=facts))
        tell(instance.store, "live", run_story(end=RunStatus.STARTED))
        writer = instance.logs.writer("old", "s")
        writer.write("text")
        writer.close()
        assert instance.retain(dry_run=True).run_ids == ("old",)
        assert instance.has_run("old")
        assert instance.retain().run_ids == ("old",)
        assert instance.get_run_ids() == ["live"]
        assert not writer.path.exists()
        assert instance.get_latest_materialization_event("a") is not None


def test_old_logs_go_though_their_runs_stay(tmp_path):
    with Instance.local_temp(tmp_path, {"retention": {"logs_days": 1}}) as instance:
        tell(instance.store, "r")
        writer = instance.logs.writer("r", "s")
        writer.write("text")
        writer.close()
        for path in (writer.path, writer.path.parent):
            os.utime(path, (0, 0))
        instance.retain()
        assert instance.has_run("r")
        assert not writer.path.exists()


def test_the_public_questions_are_methods(instance):
    for name in ("get_runs", "all_logs", "fetch_materializations", "report_runless_asset_event"):
        assert callable(getattr(instance, name))
        assert getattr(Instance, name).__doc__


@pytest.mark.parametrize("last", ["", "raise SystemExit(3)"])
def test_an_instance_that_nobody_closes_ends_in_silence_and_leaves_nothing(last):
    program = f"from penstock import Instance\nx = Instance.local_temp()\nprint(x.home)\n{last}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert not Path(done.stdout.strip()).exists()
