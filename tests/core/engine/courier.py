"""An executor in this process that treats every task as if it went far away, and may be made to lose some.

Everything crosses by pickling, as between processes: the run, bodies, records and values. What goes wrong is
said by a function of the task, so that tests choose it.
"""

from __future__ import annotations

import pickle
import random
from collections import Counter

from penstock.spi.executor import ExecutorFeatures, Lost, Outcome, Place, Progress, Ticket

FINE = "fine"
NEVER_BEGAN = "never began"
LOST_BEFORE = "lost before the user's code"
LOST_BETWEEN = "lost between two steps of a chain"
LOST_AFTER = "lost when everything was done"
INPUT_GONE = "input gone"


def _fine(_task):
    return FINE


class Courier:
    """Carries tasks out one at a time, in any order.

    Args:
        chains: how many tasks it takes as one.
        fate: says of each task how it ends.
        seed: of the order in which tasks are carried out; None for that of submission.
        is_reliable: whether everything told arrives; else some of it is dropped.
        at_once: how many tasks it takes.
        place: where its runner believes to live.
    """

    def __init__(self, *, chains=1, fate=_fine, seed=None, is_reliable=True, at_once=4, place=None):
        self.features = ExecutorFeatures(
            reports=True, cancels_running=True, chains=chains, max_concurrent=at_once
        )
        self.chance = None if seed is None else random.Random(seed)
        self.fate, self.is_reliable = fate, is_reliable
        self.place = place or Place()
        self.queue, self.values, self.said, self.submitted = [], {}, [], []
        self.began = Counter()
        self.most = 0
        self.runner = None
        self.is_closed = False

    def begin(self, shared):
        self.runner = pickle.loads(shared.blob())(self.place)

    def submit(self, task, upstream, given=()):
        assert task.key not in self.submitted, f"{task.key} is submitted twice"
        self.submitted.append(task.key)
        missing = [name for name, (of, value) in upstream.items() if (of.key, value) not in self.values]
        assert not missing, f"{task.key} asks for {missing}, which nobody keeps"
        self.queue.append((task.key, pickle.dumps((task.body, dict(given))), dict(upstream)))
        self.most = max(self.most, len(self.queue))
        return Ticket(task.key)

    def collect(self, timeout):
        if not self.said and self.queue:
            place = 0 if self.chance is None else self.chance.randrange(len(self.queue))
            self._carry_out(*self.queue.pop(place))
        said, self.said = self.said, []
        return said

    def _carry_out(self, key, packed, upstream):
        ticket, fate = Ticket(key), self.fate(key)
        if fate == NEVER_BEGAN:
            self.said.append(Lost(ticket=ticket, reason="never began", started=False))
            return
        if fate == INPUT_GONE and upstream:
            missing = next(iter(upstream))
            self.values.pop((upstream[missing][0].key, upstream[missing][1]), None)
        missing = tuple(name for name, (of, value) in upstream.items() if (of.key, value) not in self.values)
        if missing:
            self.said.append(
                Lost(ticket=ticket, reason="input gone", started=False, cause="input", missing=missing)
            )
            return
        if fate == LOST_BEFORE:
            self.said.append(Lost(ticket=ticket, reason="killed"))
            return
        body, handed = pickle.loads(packed)
        if fate == LOST_BETWEEN:
            body = body[:2]
        for name, (of, value) in upstream.items():
            handed[name] = pickle.loads(self.values[of.key, value])
        result = self.runner.run(body, handed, _Report(self, ticket))
        if fate == LOST_BETWEEN:  # the second has begun, and its end was not heard
            self.said = [one for one in self.said if isinstance(one, Progress)]
            self.said.append(Lost(ticket=ticket, reason="killed"))
            return
        if fate == LOST_AFTER:
            self.said.append(Lost(ticket=ticket, reason="killed"))
            return
        for name, value in result.handed.items():
            self.values[key, name] = pickle.dumps(value)
        record = pickle.loads(pickle.dumps(result.record))
        self.said.append(Outcome(ticket=ticket, record=record, handed=tuple(result.handed)))

    def fetch(self, ticket, name):
        return pickle.loads(self.values[ticket.key, name])

    def release(self, ticket, names):
        for name in names:
            self.values.pop((ticket.key, name), None)

    def cancel(self, ticket, grace=10.0):
        before = len(self.queue)
        self.queue = [one for one in self.queue if one[0] != ticket.key]
        if len(self.queue) < before:
            self.said.append(Lost(ticket=ticket, reason="canceled", started=False, cause="canceled"))

    def close(self):
        if self.runner is not None and not self.is_closed:
            self.runner.close()
        self.is_closed = True
        self.values.clear()


class _Report:
    """Tells the courier; an unreliable one forgets every third message."""

    def __init__(self, courier, ticket):
        self.courier, self.ticket = courier, ticket
        self.is_reliable = courier.is_reliable
        self.count = 0

    def __call__(self, record):
        self.count += 1
        if self.is_reliable or self.count % 3:
            self.courier.said.append(Progress(ticket=self.ticket, record=pickle.loads(pickle.dumps(record))))
