"""Bad input at the command line: one screen that names the culprit, exit code 2, nothing run."""

from __future__ import annotations

from contextlib import closing

import pytest

from penstock.events import values as v
from penstock.events.runs import Run
from penstock.store.open import open_store, sqlite_url

# ---- code that cannot be loaded ------------------------------------------------------------------


def test_a_missing_module_is_named_with_the_nearest(fine):
    fine.refused("materialize", "-m", "fien", says=["no module 'fien'", "Did you mean 'fine'?"])


def test_a_missing_module_within_a_package_is_named(desk):
    desk.write("pack/__init__.py", "")
    desk.write("pack/assets.py", "x = 1")
    desk.refused("materialize", "-m", "pack.asets", says=["'pack.asets'", "Did you mean 'assets'?"])


def test_a_missing_file_is_named_with_the_nearest(fine):
    fine.refused("materialize", "-f", "fien.py", says=["no file", "fien.py", "Did you mean 'fine.py'?"])


def test_a_folder_instead_of_a_file_is_named(desk):
    desk.refused("materialize", "-f", ".", says=[str(desk.folder), "is a folder"])


def test_a_file_that_is_not_python_is_named(desk):
    desk.write("orders.txt", "hello")
    desk.refused("materialize", "-f", "orders.txt", says=["orders.txt", ".py"])


def test_no_module_at_all_says_how_to_name_one(desk):
    desk.refused("materialize", says=["-m", "-f", "[tool.penstock]"])


def test_a_syntax_error_is_shown_with_file_and_line(desk):
    desk.write("bad.py", "from penstock import asset\n\ndef x(:\n    pass\n")
    desk.refused("materialize", "-f", "bad.py", says=["bad.py", "line 3", "def x(:", "^"])


def test_a_syntax_error_in_an_imported_module_is_shown_with_its_own_file(desk):
    desk.write("deep.py", "x = (\n")
    desk.write("bad.py", "import deep\n")
    desk.refused("materialize", "-f", "bad.py", says=["deep.py", "line 1"])


def test_an_indentation_error_is_shown_with_file_and_line(desk):
    desk.write("bad.py", "def f():\npass\n")
    desk.refused("materialize", "-m", "bad", says=["bad.py", "line 2"])


def test_a_null_byte_in_a_source_is_a_message(desk):
    (desk.folder / "bad.py").write_bytes(b"x = 1\x00\n")
    desk.refused("materialize", "-f", "bad.py", says=["bad.py", "null bytes"])


def test_a_source_that_is_not_utf_8_is_a_message(desk):
    (desk.folder / "bad.py").write_bytes(b"x = '\xff'\n")
    desk.refused("materialize", "-f", "bad.py", says=["bad.py", "utf-8"])


def test_an_exception_while_importing_is_shown_with_the_line_of_the_user(desk):
    desk.write("bad.py", "def depth():\n    return {}['orders']\n\ndepth()\n")
    desk.refused("materialize", "-f", "bad.py", says=["KeyError: 'orders'", "bad.py", "line 2", "line 4"])


def test_a_recursion_while_importing_stays_within_a_screen(desk):
    desk.write("bad.py", "def turn(n):\n    return turn(n + 1)\n\nturn(0)\n")
    desk.refused("materialize", "-f", "bad.py", says=["RecursionError", "bad.py"])


def test_an_endless_exception_message_stays_within_a_screen(desk):
    desk.write("bad.py", "raise ValueError('\\n'.join(f'line {n} ' + 'x' * 1000 for n in range(500)))\n")
    desk.refused("materialize", "-f", "bad.py", says=["ValueError", "line 0", "bad.py"])


def test_leaving_while_importing_is_a_message(desk):
    desk.write("bad.py", "import sys\nsys.exit(0)\n")
    desk.refused("materialize", "-f", "bad.py", says=["SystemExit", "bad.py"])


def test_a_library_that_is_missing_is_named(desk):
    desk.write("bad.py", "import surely_not_installed\n")
    desk.refused("materialize", "-f", "bad.py", says=["surely_not_installed", "bad.py", "line 1"])


def test_a_module_without_definitions_says_what_to_write(desk):
    desk.write("empty.py", "x = 1\n")
    desk.refused(
        "materialize",
        "-f",
        "empty.py",
        says=["empty.py", "holds no definitions", "defs = Definitions("],
    )


def test_a_variable_that_is_missing_is_named_with_the_nearest(fine):
    fine.refused("materialize", "-f", "fine.py:greeet", says=["'greeet'", "Did you mean 'greet'?"])


def test_a_variable_of_another_kind_says_what_was_wanted(desk):
    desk.write("bad.py", "defs = 3\n")
    desk.refused("materialize", "-f", "bad.py:defs", says=["int", "wanted Definitions"])


# ---- selections, jobs, partitions ------------------------------------------------------------------


def test_an_unknown_asset_is_named_with_the_nearest(fine):
    fine.refused(
        "materialize", "-f", "fine.py", "--select", "ordres", says=["ordres", "Did you mean 'orders'?"]
    )


@pytest.mark.parametrize(
    "selection", ["orders and", "(orders", "orders ) and", "key:", "and", "orders & & x"]
)
def test_a_selection_that_cannot_be_read_is_shown_with_the_place(fine, selection):
    fine.refused("materialize", "-f", "fine.py", "--select", selection, says=[selection, "^"])


def test_a_selection_of_nothing_says_so(fine):
    fine.refused("materialize", "-f", "fine.py", "--select", "group:nowhere", says=["group:nowhere"])


def test_an_unknown_job_is_named_with_the_nearest(fine):
    fine.refused("job", "run", "-f", "fine.py", "great", says=["'great'", "Did you mean 'greet'?"])


PARTITIONED = """
    from penstock import (
        AssetIn, DailyPartitionsDefinition, Definitions, DynamicPartitionsDefinition,
        MultiPartitionsDefinition, PartitionMapping, StaticPartitionsDefinition, UpstreamPartitionsResult,
        asset, define_asset_job,
    )

    class Odd(PartitionMapping):
        description = "odd"

        def __init__(self, answer):
            self.answer = answer

        def get_upstream_mapped_partitions_result_for_partitions(self, *given, **more):
            return self.answer(*given, **more)

        def get_downstream_partitions_for_partitions(self, *given, **more):
            return self.answer(*given, **more)

    def angry(*given, **more): raise ValueError("no such luck")
    def wrong(*given, **more): return ["north"]

    DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01", timezone="Europe/Berlin")
    REGIONS = StaticPartitionsDefinition(["north", "south"])

    @asset(partitions_def=REGIONS)
    def sales(): return 1

    @asset(partitions_def=DAYS)
    def days(): return 1

    @asset(partitions_def=MultiPartitionsDefinition({"day": DAYS, "region": REGIONS}))
    def visits(): return 1

    @asset(partitions_def=DynamicPartitionsDefinition(name="files"))
    def pages(): return 1

    @asset(partitions_def=REGIONS, ins={"sales": AssetIn(partition_mapping=Odd(angry))})
    def raises(sales): return 1

    @asset(partitions_def=REGIONS, ins={"sales": AssetIn(partition_mapping=Odd(wrong))})
    def answers(sales): return 1

    defs = Definitions(assets=[sales, days, visits, pages, raises, answers])
"""


@pytest.fixture
def parts(desk):
    """A desk with partitioned assets."""
    desk.write("parts.py", PARTITIONED)
    return desk


@pytest.mark.parametrize("command", ["materialize", "plan"])
@pytest.mark.parametrize(
    ("selection", "partition", "says"),
    [
        ("sales", "nroth", ["'nroth'", "Did you mean 'north'"]),
        ("days", "2024-1-99", ["'2024-1-99'", "%Y-%m-%d", "'2024-01-01'"]),
        ("days", "2024-03-05", ["'2024-03-05'", "to '2024-01-31'", "nearest is '2024-01-31'"]),
        ("days", "2023-12-31", ["'2023-12-31'", "from '2024-01-01'", "nearest is '2024-01-01'"]),
        ("days", "2024-01-05...2024-01-02", ["wrong way round", "from '2024-01-02' to '2024-01-05'"]),
        ("sales", "south...north", ["wrong way round"]),
        ("days", "2024-01-05...2024-02-02", ["'2024-02-02'", "nearest is '2024-01-31'"]),
        ("days", "2024-01-05...", ["one end", "FIRST...LAST"]),
        ("visits", "2024-01-05", ["day|region"]),
        ("visits", "2024-01-05|nroth", ["'region'", "Did you mean 'north'"]),
        ("visits", "2024-01-05|south...2024-01-06|north", ["wrong way round"]),
        ("pages", "a.csv", ["'a.csv'", "no keys yet", "penstock partition add files"]),
        ("days or sales", "north", ["one definition", "'days'", "'sales'"]),
        ("raises", "north", ["Odd", "'raises'", "ValueError: no such luck"]),
        ("answers", "north", ["Odd", "'answers'", "UpstreamPartitionsResult was wanted"]),
    ],
)
def test_a_partition_that_cannot_be_made_is_refused(parts, command, selection, partition, says):
    parts.refused(command, "-f", "parts.py", "-s", selection, "--partition", partition, says=says)


@pytest.mark.parametrize(
    ("selection", "says"),
    [
        ("sales", ["'north', 'south'"]),
        ("days", ["daily from 2024-01-01 to 2024-01-31, Europe/Berlin"]),
        ("days or sales", ["partitioned assets"]),
    ],
)
def test_a_partition_that_is_missing_is_asked_for(parts, selection, says):
    parts.refused("materialize", "-f", "parts.py", "-s", selection, says=["--partition", *says])


def test_a_partition_of_what_has_none_is_refused(fine):
    fine.refused("materialize", "-f", "fine.py", "--partition", "north", says=["'north'", "partition"])


def test_a_job_over_two_kinds_of_partitions_is_refused(parts):
    jobs = 'jobs=[define_asset_job("both", [sales, days])], '
    parts.write("parts.py", PARTITIONED.replace("Definitions(assets", f"Definitions({jobs}assets"))
    says = ["'both'", "daily from 2024-01-01", "the keys 'north', 'south'"]
    parts.refused("job", "run", "-f", "parts.py", "both", "--partition", "north", says=says)
    parts.refused("check", "-f", "parts.py", says=says)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ('DailyPartitionsDefinition("2024-02-01", end_date="2024-01-01")', ["2024-02-01, after their end"]),
        (
            'DailyPartitionsDefinition("2024-01-01", timezone="Europe/Berln")',
            ["Did you mean 'Europe/Berlin'"],
        ),
        ('DailyPartitionsDefinition("01.02.2024")', ["'01.02.2024'", "%Y-%m-%d"]),
        ('DailyPartitionsDefinition("2024-01", fmt="%Y-%m")', ["do not tell the windows", "apart"]),
        ('StaticPartitionsDefinition(["a", "a"])', ["'a' stands twice"]),
        ('StaticPartitionsDefinition(["a...b"])', ["'a...b'", "range"]),
        ("DynamicPartitionsDefinition()", ["name"]),
        ('MultiPartitionsDefinition({"a": StaticPartitionsDefinition(["x|y"])})', ["'x|y'"]),
    ],
)
def test_partitions_that_cannot_be_are_refused_where_they_are_defined(parts, made, says):
    parts.write("parts.py", PARTITIONED.replace("REGIONS = ", f"BAD = {made}\n    REGIONS = "))
    ended = parts.refused("materialize", "-f", "parts.py", says=["parts.py", "BAD =", *says])
    assert "because of" not in ended.said
    assert "site-packages" not in ended.said


def test_an_end_of_a_range_that_is_given_as_a_tag_wants_the_other(parts):
    tag = "penstock/asset_partition_range_start=2024-01-02"
    parts.refused("materialize", "-f", "parts.py", "-s", "days", "--tag", tag, says=["two ends"])


def test_a_mapping_that_cannot_be_pickled_is_named_where_steps_would_run_elsewhere(parts):
    parts.write("parts.py", PARTITIONED + """
    class Held(Odd):
        def get_upstream_mapped_partitions_result_for_partitions(self, downstream, *given, **more):
            return UpstreamPartitionsResult(downstream, [])

    HELD = Held(one for one in "no generator can be pickled")

    @asset(partitions_def=REGIONS, ins={"sales": AssetIn(partition_mapping=HELD)})
    def held(sales): return sales

    defs = Definitions(assets=[sales, held])
    """)  # fmt: skip
    called = ("materialize", "-f", "parts.py", "--partition", "north")
    says = ["partition mapping of 'held' for 'sales'", "cannot pickle 'generator'", "in_process"]
    parts.refused(*called, "--executor", "process", says=says)
    here = parts.call(*called, "--executor", "in_process")
    here.tell(*called)
    assert here.code == 0


def test_an_unknown_executor_is_named(fine):
    fine.refused(
        "materialize", "-f", "fine.py", "--executor", "in_proces", says=["'in_proces'", "in_process"]
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
    desk.refused("materialize", "-f", "bad.py", says=["first → second → third → first"])


def test_an_asset_key_that_stands_twice_is_named(desk):
    desk.write("bad.py", """
        from penstock import Definitions, asset

        @asset
        def orders(): ...

        @asset(name="orders")
        def others(): ...

        defs = Definitions(assets=[orders, others])
    """)  # fmt: skip
    desk.refused("materialize", "-f", "bad.py", says=["orders", "bad.py:4", "bad.py:7"])


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
    desk.refused("job", "run", "-f", "bad.py", "both", says=["same"])


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
    desk.refused("job", "run", "-f", "bad.py", "daily", says=["daily"])


def test_a_resource_that_is_missing_is_named_with_who_wants_it(desk):
    desk.write("bad.py", """
        from penstock import Definitions, asset

        @asset(required_resource_keys={"warehouse"})
        def orders(): ...

        defs = Definitions(assets=[orders], resources={"warehose": 1})
    """)  # fmt: skip
    desk.refused("materialize", "-f", "bad.py", says=["orders", "'warehouse'", "Did you mean 'warehose'?"])


def test_an_io_manager_that_is_missing_is_named_with_who_wants_it(desk):
    desk.write("bad.py", """
        from penstock import asset

        @asset(io_manager_key="lake")
        def orders(): ...
    """)  # fmt: skip
    desk.refused("materialize", "-f", "bad.py", says=["orders", "'lake'"])


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
    desk.refused("materialize", "-f", "conf.py", "--config", THREE_FAULTS, says=says, env=WAREHOUSE)


def test_a_config_value_that_is_missing_is_named(desk):
    desk.write("conf.py", CONFIGURED)
    desk.refused("materialize", "-f", "conf.py", says=["$.ops.orders.config", "rows"], env=WAREHOUSE)


def test_an_environment_variable_that_is_not_set_is_named(desk):
    desk.write("conf.py", CONFIGURED)
    config = '{"ops": {"orders": {"config": {"rows": 1}}}}'
    desk.refused("materialize", "-f", "conf.py", "-c", config, says=["WAREHOUSE_URL", "warehouse"])


def test_a_config_file_that_is_missing_is_named(fine):
    fine.refused("materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml", "No such file"])


def test_config_that_is_not_json_is_shown_with_the_place(fine):
    fine.refused("materialize", "-f", "fine.py", "--config", '{"ops": }', says=["not JSON", "column"])


def test_a_config_file_that_is_not_yaml_is_shown_with_the_place(fine):
    fine.write("run.yaml", "ops: [1, 2\n")
    fine.refused(
        "materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml", "not YAML", "line"]
    )


def test_a_config_file_that_is_binary_is_a_message(fine):
    (fine.folder / "run.yaml").write_bytes(b"\xff\xfe\x00")
    fine.refused("materialize", "-f", "fine.py", "--config", "run.yaml", says=["run.yaml"])


def test_a_config_that_is_a_list_says_what_was_wanted(fine):
    fine.write("run.json", "[1]")
    fine.refused("materialize", "-f", "fine.py", "--config", "run.json", says=["run.json", "list", "object"])


# ---- settings ------------------------------------------------------------------------------------------


def test_an_unknown_setting_is_named_with_the_nearest(fine):
    fine.write("pyproject.toml", '[tool.penstock]\nmodul = "fine"\n')
    fine.refused("materialize", says=["pyproject.toml", "tool.penstock.modul", "Did you mean 'module'?"])


def test_a_pyproject_that_is_not_toml_is_named(fine):
    fine.write("pyproject.toml", '[tool.penstock\nmodule = "fine"\n')
    fine.refused("materialize", says=["pyproject.toml", "line 1"])


# ---- commands, options, ids --------------------------------------------------------------------------------


def test_an_unknown_command_is_named_with_the_nearest(desk):
    desk.refused("materialise", says=["'materialise'", "'materialize'"])


def test_an_unknown_option_is_named_with_the_nearest(desk):
    desk.refused("materialize", "--selct", "x", says=["--selct", "--select"])


def test_a_module_and_a_file_at_once_are_refused(fine):
    fine.refused("materialize", "-f", "fine.py", "-m", "fine", says=["-m", "-f"])


def test_a_tag_without_a_value_says_what_was_wanted(fine):
    fine.refused("materialize", "-f", "fine.py", "--tag", "team", says=["team", "KEY=VALUE"])


@pytest.mark.parametrize("command", ["show", "logs", "retry", "delete"])
def test_an_unknown_run_is_named(fine, command):
    more = ["--yes"] if command == "delete" else []
    fine.refused("run", command, "nowhere", *more, says=["nowhere"])


def test_an_unknown_asset_to_show_is_named_with_the_nearest(fine):
    fine.refused("asset", "show", "-f", "fine.py", "ordres", says=["ordres", "orders"])


def test_the_beginning_of_several_run_ids_is_ambiguous(desk):
    desk.home.mkdir()
    with closing(open_store(sqlite_url(desk.home / "penstock.db"))) as store:
        for end in ("one", "two"):
            store.create_run(Run(run_id=f"abcd-{end}", job_name="j"), [v.RunQueued(at=1.0)])
    ended = desk.call("run", "show", "abc")
    ended.tell("run", "show", "abc")
    assert ended.code == 2
    assert "abcd-one" in ended.said
    assert "abcd-two" in ended.said
