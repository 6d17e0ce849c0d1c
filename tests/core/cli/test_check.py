from __future__ import annotations


def test_definitions_without_a_fault_are_well(cli, shop):
    answer = cli("check", "-f", shop)
    assert (answer.code, answer.out) == (0, "✓ 3 assets, 1 check, 1 job: all is well.\n")
    assert cli("check", "-f", shop, "--json").json == {"ok": True, "faults": []}


def test_schedules_and_sensors_are_counted(cli, write):
    write(
        "timely.py",
        """
        from penstock import AutomationConditionSensorDefinition, Definitions, ScheduleDefinition, asset

        @asset
        def rain(): ...

        early = ScheduleDefinition(name="early", target=[rain], cron_schedule="@daily")
        automatic = AutomationConditionSensorDefinition("automatic", target="*")
        defs = Definitions(schedules=[early], sensors=[automatic])
        """,
    )
    answer = cli("check", "-f", "timely.py")
    assert answer.out == "✓ 1 asset, 1 schedule, 1 sensor: all is well.\n"


def test_every_fault_is_told_with_its_place(cli, write):
    write(
        "bad.py",
        """
        from penstock import Definitions, asset

        @asset(deps=["order"])
        def revenue(): ...

        @asset(deps=["reveneu"])
        def report(): ...

        @asset
        def orders(): ...

        defs = Definitions(assets=[revenue, report, orders])
        """,
    )
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    assert "'revenue' depends on 'order', which nobody defines. Did you mean 'orders'?" in answer.out
    assert "'report' depends on 'reveneu', which nobody defines. Did you mean 'revenue'?" in answer.out
    assert "bad.py:4" in answer.out
    assert "bad.py:7" in answer.out
    assert answer.out.endswith("2 faults found.\n")


def test_faults_as_json_have_subject_message_and_place(cli, write):
    write("bad.py", "from penstock import asset\n@asset(deps=['x'])\ndef a(): ...\n")
    answer = cli("check", "-f", "bad.py", "--json")
    assert answer.code == 2
    (fault,) = answer.json["faults"]
    assert fault["subject"] == "asset x"
    assert fault["where"].endswith("bad.py:2")


def test_code_that_cannot_be_imported_is_a_fault(cli, write):
    write("bad.py", "def a(:\n")
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    assert "SyntaxError" in answer.out


def test_strict_definitions_do_not_load_with_a_loose_dependency(cli, write):
    write(
        "strict.py",
        "from penstock import Definitions, asset\n@asset(deps=['x'])\ndef a(): ...\n"
        "defs = Definitions(assets=[a], strict_deps=True)\n",
    )
    answer = cli("materialize", "-f", "strict.py")
    assert answer.code == 2
    assert "which nobody defines" in answer.err


FIVE = """\
from penstock import AssetIn, AssetSpec, Definitions, Out, asset, define_asset_job, job, op
from nowhere import helper

@asset(owners=["nobody in particular"])
def orders(): ...

@asset(ins={"ordrs": AssetIn("orders")})
def revenue(orders): ...

@op(out=Out(5))
def five(): ...

@op
def one(): ...

@job
def counting():
    one()

@job
def uses_what_failed():
    five()

specs = [AssetSpec(name, owners=[owner]) for name, owner in [("a", "team:a"), ("b", "x")]]

@asset
def reads_what_failed(orders, revenue): ...

@asset
def lonely(nobody): ...

@asset(required_resource_keys={"warehouse"})
def stored(): ...

nightly = define_asset_job("nightly", selection=["storde"])
weekly = define_asset_job("weekly", selection=["revenue"])

defs = Definitions(
    assets=[orders, revenue, *specs, reads_what_failed, lonely, stored, 5],
    jobs=[counting, uses_what_failed, nightly, weekly],
)
"""


def _places(answer):
    return [line.split()[1].rstrip(":") for line in answer.out.splitlines() if line.startswith("✗")]


def test_every_statement_that_fails_is_told_and_the_rest_is_checked(cli, write):
    write("bad.py", FIVE)
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    assert _places(answer) == [f"bad.py:{line}" for line in (2, 4, 7, 10, 24, 29, 32, 35, 38)]
    assert "Did you mean 'orders'?" in answer.out
    assert "Did you mean 'stored'?" in answer.out
    assert "StandIn" not in answer.out
    assert len(answer.out.splitlines()) <= 20


def test_all_faults_are_in_the_json_document(cli, write):
    write("bad.py", FIVE)
    answer = cli("check", "-f", "bad.py", "--json")
    assert answer.code == 2
    assert answer.json["ok"] is False
    assert [fault["where"].rpartition(":")[2] for fault in answer.json["faults"]] == [
        *("2", "4", "7", "10", "24", "29", "32", "35", "38")
    ]


def test_faults_of_several_files_are_sorted_and_a_file_that_is_not_python_is_one(cli, write):
    write("shop/__init__.py", "")
    write("shop/raw.py", "from penstock import asset\n\n@asset(owners=['x'])\ndef orders(): ...\n")
    write("shop/broken.py", "from penstock import asset\n\n@asset\ndef late(:\n")
    write(
        "shop/code.py",
        """\
        from penstock import Definitions, asset
        from shop.raw import orders
        from shop.broken import late

        @asset
        def report(late, orders, nobody): ...

        defs = Definitions(assets=[orders, late, report])
        """,
    )
    answer = cli("check", "-m", "shop.code")
    assert answer.code == 2
    assert _places(answer) == ["shop/broken.py:4", "shop/code.py:5", "shop/raw.py:3"]
    assert "'nobody'" in answer.out
    assert "SyntaxError" in answer.out


def test_keys_that_stand_twice_do_not_hide_other_faults(cli, write):
    write(
        "bad.py",
        """\
        from penstock import Definitions, asset, define_asset_job

        @asset
        def a(b): ...

        @asset
        def b(a): ...

        @asset(key="a")
        def again(): ...

        @asset(deps=["aa"])
        def c(): ...

        defs = Definitions(assets=[a, b, again, c], jobs=[define_asset_job("j", selection="d")])
        """,
    )
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    assert "defined twice" in answer.out
    assert "in a circle" in answer.out
    assert "'c' depends on 'aa'" in answer.out


def test_a_resource_that_several_jobs_lack_is_one_fault_at_its_op(cli, write):
    write(
        "bad.py",
        """\
        from penstock import Definitions, asset, define_asset_job

        @asset(required_resource_keys={"db"})
        def a(): ...

        jobs = [define_asset_job("j"), define_asset_job("k")]
        defs = Definitions(assets=[a], jobs=jobs, resources={"dbs": 1})
        """,
    )
    answer = cli("check", "-f", "bad.py")
    assert answer.out == (
        "✗ bad.py:3: op 'a' needs the resource 'db', which nobody provides. Did you mean 'dbs'?"
        " Bind it with resources={...} of Definitions.\n1 fault found.\n"
    )


def test_what_stands_in_the_wrong_list_is_told_beside_other_faults(cli, write):
    write(
        "bad.py",
        """\
        from penstock import Definitions, asset, op

        @op
        def bake(): ...

        @asset(deps=["flour"])
        def bread(): ...

        defs = Definitions(assets=[bread], jobs=[bake], sensors=[3])
        """,
    )
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    assert _places(answer) == [f"bad.py:{line}" for line in (6, 9, 9)]
    assert "jobs[0]: wanted what @job, define_asset_job or @graph makes" in answer.out
    assert "sensors[0]: wanted what @sensor makes, or a SensorDefinition, found 3 (int)." in answer.out


def test_executors_that_are_none_are_told_where_they_are_named(cli, write):
    write(
        "bad.py",
        """
        from penstock import Definitions, asset, define_asset_job, job, multiprocess_executor, op

        @asset(executor="proces")
        def a(): ...

        @asset(executor={"in_process": {}})
        def b(): ...

        @op
        def one(): ...

        @job(executor_def="multi")
        def j():
            one()

        @job(executor_def=multiprocess_executor)
        def k():
            one()

        by_asset = define_asset_job("by_asset", "*", executor_def=["process"])

        defs = Definitions(assets=[a, b], jobs=[j, k, by_asset], executor=5)
        """,
    )
    answer = cli("check", "-f", "bad.py")
    assert answer.code == 2
    said = answer.out.splitlines()
    assert len([line for line in said if line.startswith("✗")]) == 4
    assert "bad.py:4: asset 'a': there is no executor 'proces'. Did you mean 'process'" in answer.out
    assert "job 'j': there is no executor 'multi'." in answer.out
    assert "job 'by_asset': executor= takes a name such as 'process'" in answer.out
    assert "executor of all jobs: executor= takes" in answer.out
