from __future__ import annotations

from importlib.metadata import version


def test_plugins_are_a_table(cli):
    lines = cli("plugins").steady.splitlines()
    assert lines[0] == "NAME  DISTRIBUTION  VERSION  STATE  OFFERS"
    assert lines[1].startswith(f"core  penstock  {version('penstock')}  ready  executor in process")


def test_verbose_names_everything_that_is_offered(cli):
    assert "command: asset, backfill, check" in cli("plugins", "-v").out


def test_plugins_as_json(cli):
    core = cli("plugins", "--json").json[0]
    assert (core["name"], core["state"]) == ("core", "ready")
    assert "in_process" in core["provides"]["executor"]
