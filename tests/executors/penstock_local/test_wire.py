"""Messages between driver and workers: whole or not at all."""

from __future__ import annotations

import socket
import sys
import threading

import pytest

from penstock_local.wire import PACKET, Channel, pair

KINDS = [socket.SOCK_STREAM, *([socket.SOCK_SEQPACKET] if sys.platform == "linux" else [])]
SIZES = [0, 1, PACKET - 1, PACKET, PACKET + 1, 5 * PACKET]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def ends(request):
    ours, theirs = pair(request.param)
    with ours, theirs:
        yield Channel(ours), Channel(theirs), ours, theirs


def read(channel, number):
    found = []
    while len(found) < number:
        found += channel.receive()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_any_size_arrives_whole(ends, size):
    ours, theirs, *_ = ends
    sent = bytes(n % 251 for n in range(size))
    sender = threading.Thread(target=ours.send, args=(sent,))
    sender.start()
    assert read(theirs, 1) == [sent]
    sender.join()


def test_messages_arrive_in_order(ends):
    ours, theirs, *_ = ends
    for n in range(50):
        ours.send(b"%d" % n)
    assert read(theirs, 50) == [b"%d" % n for n in range(50)]


def test_messages_of_several_threads_do_not_mix(ends):
    ours, theirs, *_ = ends
    sent = [bytes([n]) * (3 * PACKET) for n in range(4)]
    senders = [threading.Thread(target=ours.send, args=(one,)) for one in sent]
    for sender in senders:
        sender.start()
    assert sorted(read(theirs, 4)) == sent
    for sender in senders:
        sender.join()


def test_what_a_slow_reader_does_not_take_is_kept(ends):
    ours, theirs, our_end, _ = ends
    our_end.setblocking(False)
    sent = [bytes([n]) * PACKET for n in range(20)]
    done = [ours.post(one) for one in sent]
    assert not done[-1]
    found = []
    while len(found) < 20:
        found += theirs.receive()
        ours.flush()
    assert found == sent
    assert ours.flush()


def test_the_end_of_the_other_side_is_told_after_its_last_message(ends):
    ours, theirs, our_end, _ = ends
    ours.send(b"last")
    our_end.close()
    assert read(theirs, 1) == [b"last"]
    with pytest.raises(EOFError):
        theirs.receive()


@pytest.mark.skipif(sys.platform != "linux", reason="only there packets stay apart by themselves")
def test_a_message_that_was_interrupted_half_way_is_dropped_and_the_next_arrives():
    ours, theirs = pair(socket.SOCK_SEQPACKET)
    with ours, theirs:
        sender = Channel(ours)
        first, *_ = sender._packets(b"x" * (2 * PACKET))
        ours.send(first)
        sender.send(b"next")
        assert read(Channel(theirs), 1) == [b"next"]
