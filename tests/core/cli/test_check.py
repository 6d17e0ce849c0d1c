from __future__ import annotations


def test_definitions_without_a_fault_are_well(cli, shop):
    answer = cli("check", "-f", shop)
    assert (answer.code, answer.out) == (0, "✓ 3 assets, 1 check, 1 job: all is well.\n")
    assert cli("check", "-f", shop, "--json").json == {"ok": True, "faults": []}


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
