"""Bad input at the command line: one screen that names the culprit, exit code 2, nothing run."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing

import pytest

from penstock.store.open import open_store, sqlite_url

ONE_SCREEN = 24
FINE = """
    from penstock import asset, job, op

    @asset
    def orders() -> dict: return {"n": 1}

    @asset
    def customers(orders) -> dict: return orders

    @op
    def hello(): return 1

    @job
    def greet(): hello()
"""


def refused(desk, *arguments, says=(), **options):
    """The command is refused with these words, and no run is recorded."""
    ended = desk.call(*arguments, **options)
    show(arguments, ended)
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert len(ended.said.splitlines()) <= ONE_SCREEN
    plain = " ".join(ended.said.split())
    for word in says:
        assert word in plain, f"{word!r} is not in {ended.said}"
    assert count_of_runs(desk) == 0
    return ended


def show(arguments, ended):
    """What people see; for ``pytest -s`` and for failures."""
    sys.stdout.write(f"$ penstock {' '.join(map(repr, arguments))}    [{ended.code}]\n{ended.said}")


def count_of_runs(desk):
    path = desk.home / "penstock.db"
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    except sqlite3.Error:  # damaged on purpose
        return 0


@pytest.fixture
def fine(desk):
    """A desk with definitions in which nothing is wrong."""
    desk.write("fine.py", FINE)
    return desk


# ---- code that cannot be loaded ------------------------------------------------------------------


def test_a_missing_module_is_named_with_the_nearest(fine):
    refused(fine, "materialize", "-m", "fien", says=["no module 'fien'", "Did you mean 'fine'?"])


def test_a_missing_module_within_a_package_is_named(desk):
    desk.write("pack/__init__.py", "")
    desk.write("pack/assets.py", FINE)
    refused(desk, "materialize", "-m", "pack.asets", says=["'pack.asets'", "Did you mean 'assets'?"])


def test_a_missing_file_is_named_with_the_nearest(fine):
    refused(fine, "materialize", "-f", "fien.py", says=["no file", "fien.py", "Did you mean 'fine.py'?"])


def test_a_folder_instead_of_a_file_is_named(desk):
    refused(desk, "materialize", "-f", ".", says=[str(desk.folder), "is a folder"])


def test_a_file_that_is_not_python_is_named(desk):
    desk.write("orders.txt", "hello")
    refused(desk, "materialize", "-f", "orders.txt", says=["orders.txt", ".py"])


def test_no_module_at_all_says_how_to_name_one(desk):
    refused(desk, "materialize", says=["-m", "-f", "[tool.penstock]"])


def test_a_syntax_error_is_shown_with_file_and_line(desk):
    desk.write("bad.py", "from penstock import asset\n\ndef x(:\n    pass\n")
    refused(desk, "materialize", "-f", "bad.py", says=["bad.py", "line 3", "def x(:", "^"])


def test_a_syntax_error_in_an_imported_module_is_shown_with_its_own_file(desk):
    desk.write("deep.py", "x = (\n")
    desk.write("bad.py", "import deep\n")
    refused(desk, "materialize", "-f", "bad.py", says=["deep.py", "line 1"])


def test_an_indentation_error_is_shown_with_file_and_line(desk):
    desk.write("bad.py", "def f():\npass\n")
    refused(desk, "materialize", "-m", "bad", says=["bad.py", "line 2"])


def test_a_null_byte_in_a_source_is_a_message(desk):
    (desk.folder / "bad.py").write_bytes(b"x = 1\x00\n")
    refused(desk, "materialize", "-f", "bad.py", says=["bad.py", "null bytes"])


def test_a_source_that_is_not_utf_8_is_a_message(desk):
    (desk.folder / "bad.py").write_bytes(b"x = '\xff'\n")
    refused(desk, "materialize", "-f", "bad.py", says=["bad.py", "utf-8"])


def test_an_exception_while_importing_is_shown_with_the_line_of_the_user(desk):
    desk.write("bad.py", "def depth():\n    return {}['orders']\n\ndepth()\n")
    refused(desk, "materialize", "-f", "bad.py", says=["KeyError: 'orders'", "bad.py", "line 2", "line 4"])


def test_a_recursion_while_importing_stays_within_a_screen(desk):
    desk.write("bad.py", "def turn(n):\n    return turn(n + 1)\n\nturn(0)\n")
    refused(desk, "materialize", "-f", "bad.py", says=["RecursionError", "bad.py"])


def test_an_endless_exception_message_stays_within_a_screen(desk):
    desk.write("bad.py", "raise ValueError('\\n'.join(f'line {n} ' + 'x' * 1000 for n in range(500)))\n")
    refused(desk, "materialize", "-f", "bad.py", says=["ValueError", "line 0", "bad.py"])


def test_leaving_while_importing_is_a_message(desk):
    desk.write("bad.py", "import sys\nsys.exit(0)\n")
    refused(desk, "materialize", "-f", "bad.py", says=["SystemExit", "bad.py"])


def test_a_library_that_is_missing_is_named(desk):
    desk.write("bad.py", "import surely_not_installed\n")
    refused(desk, "materialize", "-f", "bad.py", says=["surely_not_installed", "bad.py", "line 1"])


def test_a_module_without_definitions_says_what_to_write(desk):
    desk.write("empty.py", "x = 1\n")
    refused(
        desk,
        "materialize",
        "-f",
        "empty.py",
        says=["empty.py", "holds no definitions", "defs = Definitions("],
    )


def test_a_variable_that_is_missing_is_named_with_the_nearest(fine):
    refused(fine, "materialize", "-f", "fine.py:greeet", says=["'greeet'", "Did you mean 'greet'?"])


def test_a_variable_of_another_kind_says_what_was_wanted(desk):
    desk.write("bad.py", "defs = 3\n")
    refused(desk, "materialize", "-f", "bad.py:defs", says=["int", "wanted Definitions"])


# ---- selections, jobs, partitions ------------------------------------------------------------------


def test_an_unknown_asset_is_named_with_the_nearest(fine):
    refused(
        fine, "materialize", "-f", "fine.py", "--select", "ordres", says=["ordres", "Did you mean 'orders'?"]
    )


@pytest.mark.parametrize(
    "selection", ["orders and", "(orders", "orders ) and", "key:", "and", "orders & & x"]
)
def test_a_selection_that_cannot_be_read_is_shown_with_the_place(fine, selection):
    refused(fine, "materialize", "-f", "fine.py", "--select", selection, says=[selection, "^"])


def test_a_selection_of_nothing_says_so(fine):
    refused(fine, "materialize", "-f", "fine.py", "--select", "group:nowhere", says=["group:nowhere"])


def test_an_unknown_job_is_named_with_the_nearest(fine):
    refused(fine, "job", "run", "-f", "fine.py", "great", says=["'great'", "Did you mean 'greet'?"])


PARTITIONED = """
    from penstock import StaticPartitionsDefinition, asset

    @asset(partitions_def=StaticPartitionsDefinition(["north", "south"]))
    def sales(): return 1
"""


def test_an_unknown_partition_is_named_with_the_nearest(desk):
    desk.write("parts.py", PARTITIONED)
    refused(desk, "materialize", "-f", "parts.py", "--partition", "nroth", says=["'nroth'", "'north'"])


def test_a_partition_that_is_missing_is_asked_for(desk):
    desk.write("parts.py", PARTITIONED)
    refused(desk, "materialize", "-f", "parts.py", says=["--partition"])


def test_a_partition_of_what_has_none_is_refused(fine):
    refused(fine, "materialize", "-f", "fine.py", "--partition", "north", says=["'north'", "partition"])


def test_an_unknown_executor_is_named(fine):
    refused(
        fine, "materialize", "-f", "fine.py", "--executor", "in_proces", says=["'in_proces'", "in_process"]
    )


# ---- definitions that contradict each other --------------------------------------------------------


def test_a_circle_is_named_whole(desk):
    desk.write("bad.py", """
        from penstock import asset

        @asset(deps=["third"])
        def first(): ...

        @asset(deps=["first"])
        def second(): ...

        @asset(deps=["second"])
        def third(): ...
    """)  # fmt: skip
    refused(desk, "materialize", "-f", "bad.py", says=["first → second → third → first"])


def test_an_asset_key_that_stands_twice_is_named(desk):
    desk.write("bad.py", """
        from penstock import Definitions, asset

        @asset
        def orders(): ...

        @asset(name="orders")
        def others(): ...

        defs = Definitions(assets=[orders, others])
    """)  # fmt: skip
    refused(desk, "materialize", "-f", "bad.py", says=["orders", "bad.py:4", "bad.py:7"])


def test_an_op_that_stands_twice_is_named(desk):
    desk.write("bad.py", """
        from penstock import job, op

        @op(name="same")
        def one(): ...

        @op(name="same")
        def two(): ...

        @job
        def both():
            one()
            two()
    """)  # fmt: skip
    refused(desk, "job", "run", "-f", "bad.py", "both", says=["same"])


def test_a_job_that_stands_twice_is_named(desk):
    desk.write("bad.py", """
        from penstock import Definitions, job, op

        @op
        def work(): ...

        @job(name="daily")
        def one(): work()

        @job(name="daily")
        def two(): work()

        defs = Definitions(jobs=[one, two])
    """)  # fmt: skip
    refused(desk, "job", "run", "-f", "bad.py", "daily", says=["daily"])


def test_a_resource_that_is_missing_is_named_with_who_wants_it(desk):
    desk.write("bad.py", """
        from penstock import Definitions, asset

        @asset(required_resource_keys={"warehouse"})
        def orders(): ...

        defs = Definitions(assets=[orders], resources={"warehose": 1})
    """)  # fmt: skip
    refused(desk, "materialize", "-f", "bad.py", says=["orders", "'warehouse'", "Did you mean 'warehose'?"])


def test_an_io_manager_that_is_missing_is_named_with_who_wants_it(desk):
    desk.write("bad.py", """
        from penstock import asset

        @asset(io_manager_key="lake")
        def orders(): ...
    """)  # fmt: skip
    refused(desk, "materialize", "-f", "bad.py", says=["orders", "'lake'"])


# ---- config ------------------------------------------------------------------------------------------

CONFIGURED = """
    from penstock import Config, ConfigurableResource, Definitions, EnvVar, asset

    class Load(Config):
        rows: int
        mode: str = "all"

    class Warehouse(ConfigurableResource):
        url: str

    @asset
    def orders(config: Load, warehouse: Warehouse): return config.rows

    defs = Definitions(assets=[orders], resources={"warehouse": Warehouse(url=EnvVar("WAREHOUSE_URL"))})
"""
WAREHOUSE = {"WAREHOUSE_URL": "somewhere"}
THREE_FAULTS = '{"ops": {"orders": {"config": {"rows": "many", "mood": "x"}}, "order": {}}}'


def test_three_faults_of_config_are_shown_together_with_their_paths(desk):
    desk.write("conf.py", CONFIGURED)
    says = [
        "$.ops.orders.config.rows",
        "'many'",
        "$.ops.orders.config.mood",
        "Did you mean 'mode'?",
        "$.ops.order",
    ]
    refused(desk, "materialize", "-f", "conf.py", "--config", THREE_FAULTS, says=says, env=WAREHOUSE)


def test_a_config_value_that_is_missing_is_named(desk):
    desk.write("conf.py", CONFIGURED)
    refused(desk, "materialize", "-f", "conf.py", says=["$.ops.orders.config", "rows"], env=WAREHOUSE)


def test_an_environment_variable_that_is_not_set_is_named(desk):
    desk.write("conf.py", CONFIGURED)
    config = '{"ops": {"orders": {"config": {"rows": 1}}}}'
    refused(desk, "materialize", "-f", "conf.py", "-c", config, says=["WAREHOUSE_URL", "warehouse"])


def test_a_config_file_that_is_missing_is_named(fine):
    refused(fine, "materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml", "No such file"])


def test_config_that_is_not_json_is_shown_with_the_place(fine):
    refused(fine, "materialize", "-f", "fine.py", "--config", '{"ops": }', says=["not JSON", "column"])


def test_a_config_file_that_is_not_yaml_is_shown_with_the_place(fine):
    fine.write("run.yaml", "ops: [1, 2\n")
    refused(
        fine, "materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml", "not YAML", "line"]
    )


def test_a_config_file_that_is_binary_is_a_message(fine):
    (fine.folder / "run.yaml").write_bytes(b"\xff\xfe\x00")
    refused(fine, "materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml"])


def test_a_config_that_is_a_list_says_what_was_wanted(fine):
    fine.write("run.json", "[1]")
    refused(fine, "materialize", "-f", "fine.py", "--config", "run.json", says=["run.json", "list", "object"])


# ---- settings ------------------------------------------------------------------------------------------


def test_an_unknown_setting_is_named_with_the_nearest(fine):
    fine.write("pyproject.toml", '[tool.penstock]\nmodul = "fine"\n')
    refused(fine, "materialize", says=["pyproject.toml", "tool.penstock.modul", "Did you mean 'module'?"])


def test_a_pyproject_that_is_not_toml_is_named(fine):
    fine.write("pyproject.toml", '[tool.penstock\nmodule = "fine"\n')
    refused(fine, "materialize", says=["pyproject.toml", "line 1"])


# ---- commands, options, ids --------------------------------------------------------------------------------


def test_an_unknown_command_is_named_with_the_nearest(desk):
    refused(desk, "materialise", says=["'materialise'", "'materialize'"])


def test_an_unknown_option_is_named_with_the_nearest(desk):
    refused(desk, "materialize", "--selct", "x", says=["--selct", "--select"])


def test_a_module_and_a_file_at_once_are_refused(fine):
    refused(fine, "materialize", "-f", "fine.py", "-m", "fine", says=["-m", "-f"])


def test_a_tag_without_a_value_says_what_was_wanted(fine):
    refused(fine, "materialize", "-f", "fine.py", "--tag", "team", says=["team", "KEY=VALUE"])


@pytest.mark.parametrize("command", ["show", "logs", "retry", "delete"])
def test_an_unknown_run_is_named(fine, command):
    more = ["--yes"] if command == "delete" else []
    refused(fine, "run", command, "nowhere", *more, says=["nowhere"])


def test_an_unknown_asset_to_show_is_named_with_the_nearest(fine):
    refused(fine, "asset", "show", "-f", "fine.py", "ordres", says=["ordres", "orders"])


def test_the_beginning_of_several_run_ids_is_ambiguous(desk):
    from penstock.events import values as v
    from penstock.events.runs import Run

    desk.home.mkdir()
    with closing(open_store(sqlite_url(desk.home / "penstock.db"))) as store:
        for end in ("one", "two"):
            store.create_run(Run(run_id=f"abcd-{end}", job_name="j"), [v.RunQueued(at=1.0)])
    ended = desk.call("run", "show", "abc")
    show(["run", "show", "abc"], ended)
    assert ended.code == 2
    assert "abcd-one" in ended.said
    assert "abcd-two" in ended.said


# ---- homes and databases -----------------------------------------------------------------------------------


def test_a_home_that_cannot_be_made_is_named(fine):
    inside = fine.write("file", "")
    refused(fine, "materialize", "-f", "fine.py", env={"PENSTOCK_HOME": f"{inside}/home"},
            says=[f"{inside}/home", "Set PENSTOCK_HOME"])  # fmt: skip


def test_a_home_that_is_a_file_is_named(fine):
    inside = fine.write("file", "")
    refused(fine, "materialize", "-f", "fine.py", env={"PENSTOCK_HOME": str(inside)},
            says=[str(inside), "Set PENSTOCK_HOME"])  # fmt: skip


def test_a_home_that_may_not_be_written_to_is_named(fine, tmp_path, bound_by_permissions):
    home = tmp_path / "locked"
    home.mkdir(mode=0o555)
    refused(fine, "materialize", "-f", "fine.py", env={"PENSTOCK_HOME": str(home)},
            says=[str(home), "may not write there", "set PENSTOCK_HOME"], **bound_by_permissions)  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [("materialize", "-f", "fine.py"), ("run", "list"), ("instance", "info")]
)
def test_a_database_of_a_newer_schema_is_left_alone(fine, arguments):
    assert fine.call("run", "list").code == 0
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (fine.home / "penstock.db").read_bytes()
    refused(fine, *arguments, says=["penstock.db", "schema 99", "newer"])
    assert (fine.home / "penstock.db").read_bytes() == before


def test_a_database_of_an_older_schema_says_how_to_migrate(fine):
    assert fine.call("run", "list").code == 0
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("PRAGMA user_version = 0")
    refused(fine, "materialize", "-f", "fine.py", says=["penstock.db", "penstock instance migrate"])


def test_a_database_with_garbage_at_its_beginning_is_named(fine):
    assert fine.call("run", "list").code == 0
    path = fine.home / "penstock.db"
    path.write_bytes(b"garbage garbage garbage" + path.read_bytes()[23:])
    refused(fine, "materialize", "-f", "fine.py", says=[str(path), "PENSTOCK_HOME"])


@pytest.mark.parametrize("arguments", [("run", "list"), ("materialize", "-f", "fine.py"), ("asset", "list")])
def test_a_database_with_garbage_in_its_middle_is_named(fine, arguments):
    for _ in range(2):
        assert fine.call("materialize", "-f", "fine.py").code == 0
    path = fine.home / "penstock.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    ended = fine.call(*arguments)
    show(arguments, ended)
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert str(path) in ended.said
    assert "damaged" in ended.said
    assert len(ended.said.splitlines()) <= ONE_SCREEN


def test_a_database_that_is_another_programs_is_left_alone(fine):
    fine.home.mkdir()
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    refused(fine, "materialize", "-f", "fine.py", says=["penstock.db", "not one of Penstock"])


# ---- plugins ---------------------------------------------------------------------------------------------


@pytest.fixture
def broken_plugin(fine):
    """Somebody's plugin, installed, that cannot be imported."""
    fine.write("site/broken_plugin.py", "raise RuntimeError('this plugin is for another planet')\n")
    fine.write("site/penstock_broken-1.0.dist-info/METADATA", """\
        Metadata-Version: 2.1
        Name: penstock-broken
        Version: 1.0
    """)  # fmt: skip
    fine.write(
        "site/penstock_broken-1.0.dist-info/entry_points.txt", "[penstock.plugins]\nbroken = broken_plugin\n"
    )
    return {"PYTHONPATH": str(fine.folder / "site")}


def test_a_plugin_that_cannot_be_imported_is_listed_with_its_reason(fine, broken_plugin):
    ended = fine.call("plugins", env=broken_plugin)
    show(["plugins"], ended)
    assert ended.code == 0
    assert "penstock-broken" in ended.said
    assert "another planet" in ended.said
    assert "Traceback" not in ended.said


def test_a_plugin_that_cannot_be_imported_harms_nobody_who_does_not_name_it(fine, broken_plugin):
    ended = fine.call("materialize", "-f", "fine.py", env=broken_plugin)
    assert ended.code == 0, ended.said
    assert "planet" not in ended.said


def test_a_plugin_that_cannot_be_imported_is_fatal_when_it_is_named(fine, broken_plugin):
    refused(fine, "materialize", "-f", "fine.py", env={**broken_plugin, "PENSTOCK_PLUGINS": "broken"},
            says=["broken", "another planet"])  # fmt: skip


def test_an_executor_that_only_a_broken_plugin_may_have_is_told_with_its_reason(fine, broken_plugin):
    refused(
        fine, "materialize", "-f", "fine.py", "--executor", "broken", env=broken_plugin, says=["'broken'"]
    )
