"""The op job, run in process."""

from __future__ import annotations

import pytest
from nycflights.definitions import defs
from nycflights.jobs import announce, worst_of_all
from nycflights.report import Worst

from penstock import InvalidConfigError, build_op_context


@pytest.fixture
def job():
    return defs.resolve_job_def("worst_routes")


def test_the_worst_routes_of_three_airports_are_ranked_together(job):
    result = job.execute_in_process()
    assert result.success
    worst = result.output_for_node("rank_routes.worst_of_all")
    assert worst.select(["origin", "dest"]).slice(0, 1).to_pylist() == [{"origin": "EWR", "dest": "RIC"}]
    assert worst.num_rows == 5


def test_one_place_configures_the_ops_of_the_graph(job):
    ranking = {"carriers": ["UA"], "top": 2, "min_flights": 1000}
    result = job.execute_in_process(run_config={"ops": {"rank_routes": {"config": ranking}}})
    routes = result.output_for_node("announce").splitlines()
    assert len(routes) == 2
    assert "LGA → ORD" in routes[0]


def test_a_fault_in_the_config_is_named(job):
    with pytest.raises(InvalidConfigError, match="topp"):
        job.execute_in_process(run_config={"ops": {"rank_routes": {"config": {"topp": 1}}}})


def test_ops_are_functions_too():
    import pyarrow as pa

    here = pa.table({"origin": ["EWR"], "dest": ["IAH"], "flights": [9], "arrival_delay": [3.0]})
    there = pa.table({"origin": ["JFK"], "dest": ["MIA"], "flights": [9], "arrival_delay": [4.0]})
    worst = worst_of_all([here, there], config=Worst(min_flights=1, top=1))
    assert announce(build_op_context(), worst).value == "1. JFK → MIA:   4.0 minutes late, 9 flights"
