"""The steps of random jobs; importable, so that they travel by name. See ``test_drive_far_away``."""

from __future__ import annotations

from collections import Counter

from penstock import DynamicOut, DynamicOutput, IOManager, Out, Output, RetryPolicy, job, op

RAN = Counter()
"""How often the user's code of each unit was carried out, in this process."""

KINDS = ("plain", "shaky", "failing", "skipping", "dynamic")


class Shelf(IOManager):
    """Keeps the values of one run in this process, and is always asked."""

    def handle_output(self, context, obj):
        KEPT[context.step_key, context.name, context.mapping_key] = obj

    def load_input(self, context):
        of = context.upstream_output
        return KEPT[of.step_key, of.name, of.mapping_key]


KEPT = {}


@op
def plain(context, xs: list):
    RAN[context.step_key] += 1
    return [context.step_key, xs]


@op(retry_policy=RetryPolicy(max_retries=2))
def shaky(context, xs: list):
    RAN[context.step_key] += 1
    if context.retry_number < 2:
        raise ValueError("not yet")
    return [context.step_key, xs]


@op
def failing(context, xs: list):
    RAN[context.step_key] += 1
    raise ValueError("never")


@op(out=Out(is_required=False))
def skipping(context, xs: list):
    RAN[context.step_key] += 1
    if len(xs) > 1:
        yield Output([context.step_key, xs])


@op(out=DynamicOut())
def split(context, xs: list):
    RAN[context.step_key] += 1
    for n in range(len(xs)):
        yield DynamicOutput([n, xs], mapping_key=f"k{n}")


@op
def each(context, x):
    RAN[context.step_key] += 1
    return [context.step_key, x]


OPS = {one.name: one for one in (plain, shaky, failing, skipping, split, each)}


def job_of(shape, policy=None, tags=None, resources=None):
    """A job of steps; each is a kind and the places of the steps that it reads."""

    def step(kind, name):
        made = OPS[kind].alias(name)
        made = made.tag(tags) if tags else made
        return made.with_retry_policy(policy) if policy else made

    @job(resource_defs=resources or {})
    def made():
        done = []
        for place, (kind, reads) in enumerate(shape):
            xs = [done[read] for read in reads]
            if kind == "dynamic":
                parts = step("split", f"split{place}")(xs)
                mapped = parts.map(step("each", f"one{place}")).map(step("each", f"two{place}"))
                done.append(step("plain", f"s{place}")(mapped.collect()))
            else:
                done.append(step(kind, f"s{place}")(xs))

    return made
