"""Several processes and one home: nobody sees a lock, nobody waits for ever, every run is recorded whole."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url

CODE = """
    from penstock import StaticPartitionsDefinition, asset

    parts = StaticPartitionsDefinition([f"p{n}" for n in range(20)])

    @asset(partitions_def=parts)
    def numbers(context) -> dict:
        return {"partition": context.partition_key, "n": list(range(1000))}

    @asset(partitions_def=parts)
    def total(context, numbers: dict) -> dict:
        return {"partition": numbers["partition"], "sum": sum(numbers["n"])}
"""
AT_ONCE = 4


def ended(process):
    out, err = process.communicate(timeout=200)
    return process.returncode, out + err


def waves(desk, count):
    """Materialize so many partitions, always several at once."""
    partitions = [f"p{number}" for number in range(count)]
    for begin in range(0, count, AT_ONCE):
        yield [
            desk.begin("materialize", "-f", "code.py", "--partition", key)
            for key in partitions[begin : begin + AT_ONCE]
        ]


def test_twenty_runs_from_four_processes_at_a_time_all_succeed(desk):
    desk.write("code.py", CODE)
    for wave in waves(desk, 20):
        listing = desk.call("run", "list", "--json")  # while they write
        assert listing.code == 0, listing.said
        for code, said in map(ended, wave):
            assert code == 0, said
            assert "locked" not in said
    assert Counter(run["status"] for run in desk.runs()) == {"SUCCESS": 20}
    with closing(open_store(sqlite_url(desk.home / "penstock.db"))) as store:
        assert faults_in(store) == []
    stored = sorted(path.name for path in (desk.home / "storage" / "total").iterdir())
    assert stored == sorted(f"p{number}.part.json" for number in range(20))


def test_several_processes_may_make_one_home_at_once(desk):
    desk.write("code.py", CODE)
    (wave,) = waves(desk, AT_ONCE)
    outcomes = [ended(process) for process in wave]
    assert [code for code, _ in outcomes] == [0] * AT_ONCE, outcomes
    assert sum(said.count("Created Penstock home") for _, said in outcomes) == 1
    assert Counter(run["status"] for run in desk.runs()) == {"SUCCESS": AT_ONCE}


def test_several_processes_may_make_one_asset_at_once_and_one_of_them_is_last(desk):
    desk.write("code.py", """
        import os
        from penstock import asset

        @asset
        def who() -> dict:
            return {"pid": os.getpid(), "rest": "x" * 100_000}
    """)  # fmt: skip
    processes = [desk.begin("materialize", "-f", "code.py") for _ in range(AT_ONCE)]
    for code, said in map(ended, processes):
        assert code == 0, said
    facts = desk.call("asset", "show", "-f", "code.py", "who", "--json")
    assert facts.code == 0, facts.said
    assert [path.name for path in (desk.home / "storage").iterdir()] == ["who.json"]
    assert (desk.home / "storage" / "who.json").stat().st_size > 100_000
