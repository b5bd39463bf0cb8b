from __future__ import annotations

import queue
import threading

from quota_tui.ui.collector import SPACING_S, CollectFailed, Collector, SnapshotReady, in_one_line
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.stage import PATIENCE_S, settings


class Gated(FakeProvider):
    """Each collection waits to be let through."""

    def __init__(self):
        super().__init__(settings=settings())
        self.begun, self.gate = threading.Semaphore(0), threading.Semaphore(0)

    def collect(self, now, *, rescan=False):
        self.begun.release()
        assert self.gate.acquire(timeout=PATIENCE_S)
        return super().collect(now, rescan=rescan)


def test_requests_that_come_meanwhile_become_one():
    provider, posted = Gated(), queue.Queue()
    collector = Collector(provider, Clock(), posted.put)
    collector.start()
    try:
        assert provider.begun.acquire(timeout=PATIENCE_S)
        for rescan in (False, True, False, False, False):
            collector.request(rescan=rescan)
        provider.gate.release(2)
        assert isinstance(posted.get(timeout=PATIENCE_S), SnapshotReady)
        assert isinstance(posted.get(timeout=PATIENCE_S), SnapshotReady)
        # The second one has begun, and no third one with it.
        assert provider.begun.acquire(timeout=PATIENCE_S)
        assert not provider.begun.acquire(timeout=3 * SPACING_S)
        assert [rescan for _, rescan in provider.calls] == [False, True]
    finally:
        provider.gate.release(9)
        collector.stop()


def test_nothing_is_posted_after_the_stop():
    provider, posted = Gated(), queue.Queue()
    collector = Collector(provider, Clock(), posted.put)
    collector.start()
    assert provider.begun.acquire(timeout=PATIENCE_S)
    stopper = threading.Thread(target=collector.stop)
    stopper.start()
    stopper.join(timeout=PATIENCE_S)
    assert not stopper.is_alive()
    provider.gate.release()
    for thread in collector._threads:
        thread.join(timeout=PATIENCE_S)
        assert not thread.is_alive()
    assert posted.empty()


def test_an_error_is_one_line():
    provider, posted = FakeProvider(settings=settings()), queue.Queue()
    provider.error = ValueError("first\nsecond")
    collector = Collector(provider, Clock(), posted.put)
    collector.start()
    try:
        message = posted.get(timeout=PATIENCE_S)
        assert isinstance(message, CollectFailed)
        assert message.reason == "first"
    finally:
        collector.stop()
    assert in_one_line(KeyError()) == "KeyError"
