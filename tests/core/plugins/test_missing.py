from __future__ import annotations

from penstock.plugins.missing import missing_libraries, required_by
from penstock.plugins.problems import Origin


def test_only_the_requirements_of_the_extra_count():
    lines = [
        'ray[default]>=2.40; extra == "ray"',
        "attrs>=23",
        "boto3 ; python_version > '3' and extra == 's3'",
    ]
    assert required_by(lines, ("ray",)) == {"ray"}
    assert required_by(lines, ("s3",)) == {"boto3"}
    assert required_by(lines, ()) == frozenset()


def test_a_distribution_without_metadata_misses_nothing_that_can_be_told():
    assert missing_libraries(Origin(name="x", distribution="no-such-thing", extras=("y",))) == ()
