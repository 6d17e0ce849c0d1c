"""``penstock run logs``: what the steps of a run wrote, also while they write it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import click
from attrs import define, field

from penstock.cli.options import answering, examples, run_ids
from penstock.cli.screen import Screen
from penstock.cli.statuses import word
from penstock.cli.tally import SHORT
from penstock.errors import StepNotFoundError, suggest
from penstock.events import values as v
from penstock.host.instance import Instance
from penstock.query.runs import find_run, show_run
from penstock.spi.store import EventQuery, Store
from penstock.store.logs import LogFolder, Stream

_EVERY = 0.25
_BEGINS = (v.StepStarted, v.StepRestarted)
_ENDS = (v.StepSucceeded, v.StepFailed, v.StepSkipped, v.StepInterrupted)


@click.command(
    "logs",
    epilog=examples(
        "penstock run logs 3f2a91c0",
        "penstock run logs 3f2a91c0 --step orders",
        "penstock run logs 3f2 --follow",
    ),
)
@click.argument("run", shell_complete=run_ids)
@click.option("--step", metavar="STEP", help="Of this step alone.")
@click.option("--follow", is_flag=True, help="Go on until the run ends.")
@answering
def logs(screen: Screen, run: str, step: str | None, *, follow: bool) -> int:
    """Show what the steps of a run wrote.

    Log messages, standard output and standard error, each under a line of its own. With --json one
    document: texts by step and stream; with --json --follow one object a line.
    """
    with Instance.get() as instance:
        run_id = find_run(instance.store, run).run.run_id
        if follow:
            return _follow(screen, instance.store, Following(instance.logs, run_id, step))
        texts = _texts(instance.store, instance.logs, run_id, step)
    if screen.as_json:
        screen.document(texts)
        return 0
    for name, streams in texts.items():
        for stream, text in streams.items():
            _write(screen, name, stream, text)
    if not texts:
        screen.say("These steps wrote nothing.")
    return 0


def _texts(store: Store, folder: LogFolder, run_id: str, step: str | None) -> dict[str, dict[str, str]]:
    """What each step wrote, by stream; steps that wrote nothing are left out.

    Raises:
        StepNotFoundError: when the run has no such step.
    """
    steps = [line.step for line in show_run(store, run_id).steps]
    if step is not None and step not in steps:
        raise StepNotFoundError(f"Run {run_id[:SHORT]} has no step {step!r}.{suggest(step, steps)}")
    found: dict[str, dict[str, str]] = {}
    for name in [step] if step else steps:
        for stream in folder.streams(run_id, name):
            data = _bytes(folder, run_id, name, stream)
            if data:
                found.setdefault(name, {})[stream.value] = data.decode("utf-8", errors="replace")
    return found


def _bytes(folder: LogFolder, run_id: str, step: str, stream: Stream, offset: int = 0) -> bytes:
    """Everything from an offset on."""
    pieces: list[bytes] = []
    while (chunk := folder.read(run_id, step, stream, offset=offset)).data:
        pieces.append(chunk.data)
        offset = chunk.next_offset
    return b"".join(pieces)


def _write(screen: Screen, step: str, stream: str, text: str) -> None:
    screen.write(screen.style(f"── {step} · {stream}", "cyan"))
    screen.write(text.rstrip("\n"))


@define(eq=False)
class Following:
    """How far the logs of a run were read: steps that are under way, and an offset for each file."""

    folder: LogFolder
    run_id: str
    only: str | None = None
    cursor: int | None = None
    open: set[str] = field(factory=set[str], init=False)
    offsets: dict[tuple[str, Stream], int] = field(factory=dict[tuple[str, Stream], int], init=False)

    def news(self, store: Store) -> Iterator[tuple[str, str, str]]:
        """What was written since the last time: step, stream and whole lines."""
        ended = self._take_events(store)
        for step in sorted(self.open):
            for stream in self.folder.streams(self.run_id, step):
                text = self._read(step, stream, whole=step in ended)
                if text:
                    yield step, stream.value, text
        self.open -= ended

    def _take_events(self, store: Store) -> set[str]:
        ended: set[str] = set()
        query = EventQuery(run_id=self.run_id, kinds=(*_BEGINS, *_ENDS), after=self.cursor)
        for stored in store.read(query):
            self.cursor = stored.id
            step = getattr(stored.event, "step", "")
            if self.only is not None and step != self.only:
                continue
            self.open.add(step)
            (ended.discard if isinstance(stored.event, _BEGINS) else ended.add)(step)
        return ended

    def _read(self, step: str, stream: Stream, *, whole: bool) -> str:
        offset = self.offsets.get((step, stream), 0)
        data = _bytes(self.folder, self.run_id, step, stream, offset)
        data = data if whole else data[: data.rfind(b"\n") + 1]
        self.offsets[step, stream] = offset + len(data)
        return data.decode("utf-8", errors="replace")


def _follow(screen: Screen, store: Store, following: Following) -> int:
    shown: tuple[str, str] | None = None
    try:
        while True:
            status = find_run(store, following.run_id).run  # before its logs: nothing follows its end
            for step, stream, text in following.news(store):
                if screen.as_json:
                    one = {"step": step, "stream": stream, "text": text}
                    screen.write(json.dumps(one, ensure_ascii=False))
                elif (step, stream) == shown:
                    screen.write(text.rstrip("\n"))
                else:
                    _write(screen, step, stream, text)
                shown = (step, stream)
            if status.is_finished:
                break
            time.sleep(_EVERY)
    except KeyboardInterrupt:
        screen.complain("No longer following; the run goes on.")
        return 130
    screen.say(screen.style(f"── run {following.run_id[:SHORT]} · {word(status.status.value)}", "cyan"))
    return 0
