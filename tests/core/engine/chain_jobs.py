"""Jobs whose steps may travel together; importable, so that they travel by name. See ``test_chains``."""

from __future__ import annotations

from far_jobs import RAN, Shelf, failing, plain, shaky, skipping

from penstock import RetryPolicy, asset, job, op

NOTED = []


@op(pool="db")
def pooled(context, xs: list):
    return xs


@op(timeout=60.0)
def timed(context, xs: list):
    return xs


def line(*steps, resources=None):
    """A job in which each step reads the one before it."""

    @job(resource_defs=resources or {})
    def made():
        before = []
        for one in steps:
            before = [one(before)]

    return made


def named(name, one=plain, policy=None, **tags):
    """A step by its name."""
    found = one.alias(name)
    found = found.tag(tags) if tags else found
    return found.with_retry_policy(policy) if policy else found


ONCE_MORE = RetryPolicy(max_retries=1)

__all__ = ["RAN", "Shelf", "failing", "shaky", "skipping"]


@asset
def source():
    return 1


@asset
def reader(source):
    return source + 1


@asset
def last(reader):
    return reader + 1
