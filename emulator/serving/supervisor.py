"""Several processes that serve one socket, and the parent that starts them and ends them.

The parent listens and forks before it has a thread, so the workers share the contract's memory and
one queue of connections: a connection that waits when a worker dies is answered by another one.
The parent holds no connection to the database; workers end when it does, in whatever way.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_log = logging.getLogger("emulator")

MAX_FAILED_STARTS = 5
"""So many workers may end before they were ready, one after the other; then all ends."""

SHORT_LIFE_SECONDS = 1.0
"""A worker that was ready and lived no longer than this is not replaced at once."""

MAX_DELAY_SECONDS = 1.0
"""How long one waits for its place at most that keeps ending soon."""

END_SECONDS = 6.0
"""How long workers may take to end; they take less unless something hangs."""

Work = Callable[[int, Callable[[], None]], int]
"""Serves in a worker until SIGTERM, and returns an exit code.

It is given the worker's number, from 1, which its replacement has too, and what tells that it is
ready.
"""


@dataclass(slots=True)
class _Worker:
    number: int
    process: int
    ready: int
    """What it tells by that it is ready: the reading end of a pipe."""
    started: float
    is_ready: bool = False


class Supervisor:
    """Keeps a number of workers running until SIGTERM or Ctrl-C."""

    def __init__(self, count: int, work: Work) -> None:
        """Start nothing before `run`."""
        self._count = count
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, float] = {}
        self._selector = selectors.DefaultSelector()
        self._ends = 0
        self._were_ready: set[int] = set()
        self._failures = 0
        self._short_lives = 0
        # While the parent lives, nothing comes of it; then it ends.
        self._life, self._alive = os.pipe()

    def run(self, on_ready: Callable[[], object]) -> int:
        """Run the workers, call `on_ready` when all are, and return the exit code."""
        wakes, woken = os.pipe()
        os.set_blocking(wakes, False)
        os.set_blocking(woken, False)
        self._selector.register(wakes, selectors.EVENT_READ)
        previous = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            signal.signal(number, self._signalled)
        signal.set_wakeup_fd(woken)
        try:
            return self._supervise(on_ready, wakes)
        finally:
            signal.set_wakeup_fd(-1)
            self._kill_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, _: object) -> None:
        if number != signal.SIGCHLD:
            self._ends += 1

    def _supervise(self, on_ready: Callable[[], object], wakes: int) -> int:
        self._due = dict.fromkeys(range(1, self._count + 1), 0.0)
        announced = False
        while not self._ends:
            self._start_due()
            self._wait(wakes)
            code = self._reap(announced)
            if code is not None:
                return code
            if not announced and len(self._were_ready) == self._count:
                announced = True
                on_ready()
        return self._end(wakes)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number, at in list(self._due.items()):
            if at <= now:
                del self._due[number]
                worker = self._fork(number)
                self._workers[worker.process] = worker
                self._selector.register(worker.ready, selectors.EVENT_READ, worker)

    def _fork(self, number: int) -> _Worker:
        ready, tells = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # What comes before the worker has let go of the parent's handlers would end nobody.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        process = os.fork()
        if process == 0:
            self._be_worker(number, ready, tells)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(tells)
        return _Worker(number, process, ready, time.monotonic())

    def _be_worker(self, number: int, ready: int, tells: int) -> None:
        """Serve; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for one in _SIGNALS:
                signal.signal(one, signal.SIG_DFL)
            # Ctrl-C reaches the whole group, and the parent tells its workers itself.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            for other in (self._alive, ready, *(one.ready for one in self._workers.values())):
                os.close(other)
            threading.Thread(target=self._end_with_parent, daemon=True).start()
            code = self._work(number, lambda: _tell(tells))
        except BaseException:  # noqa: BLE001 - nothing of the parent's may go on in a worker
            _log.exception("a worker broke")
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _end_with_parent(self) -> None:
        os.read(self._life, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _wait(self, wakes: int) -> None:
        """Wait for a signal, for a worker to be ready or to end, or until one is due."""
        now = time.monotonic()
        seconds = min((at - now for at in self._due.values()), default=None)
        for key, _ in self._selector.select(None if seconds is None else max(seconds, 0.0)):
            if key.fd == wakes:
                with suppress(BlockingIOError):
                    os.read(wakes, 4096)
            elif not self._hears(key.data):
                self._selector.unregister(key.fd)  # it ends

    def _hears(self, worker: _Worker) -> bool:
        """Note that a worker is ready, and tell whether that is what it told."""
        if not os.read(worker.ready, 1):
            return False
        worker.is_ready = True
        self._were_ready.add(worker.number)
        self._failures = 0
        return True

    def _reap(self, announced: bool) -> int | None:
        """Have another worker take the place of one that has ended; an exit code ends it all."""
        for worker in list(self._workers.values()):
            found, status = os.waitpid(worker.process, os.WNOHANG)
            if not found:
                continue
            self._hears(worker)  # it may have told something that was not heard yet
            self._forget(worker)
            code = os.waitstatus_to_exitcode(status)
            if not (announced or worker.is_ready):
                return code or 1
            self._failures += not worker.is_ready
            if self._failures >= MAX_FAILED_STARTS:
                _log.error("%s workers have ended before they were ready", self._failures)
                return 1
            lived = time.monotonic() - worker.started
            self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE_SECONDS else 0
            delay = min(0.05 * 2**self._short_lives, MAX_DELAY_SECONDS) if self._short_lives else 0
            self._due[worker.number] = time.monotonic() + delay
            text = "worker %s (process %s) %s; another one is started"
            _log.warning(text, worker.number, worker.process, _ending(code))
        return None

    def _forget(self, worker: _Worker) -> None:
        del self._workers[worker.process]
        with suppress(KeyError):
            self._selector.unregister(worker.ready)
        os.close(worker.ready)

    def _end(self, wakes: int) -> int:
        """Have all workers end; a second signal ends them at once."""
        told, until = 0, time.monotonic() + END_SECONDS
        codes = []
        while self._workers and time.monotonic() < until:
            if told < self._ends:
                told = self._ends
                self._signal_all(signal.SIGTERM)
            self._selector.select(0.05)
            with suppress(BlockingIOError):
                os.read(wakes, 4096)
            for worker in list(self._workers.values()):
                found, status = os.waitpid(worker.process, os.WNOHANG)
                if found:
                    code = os.waitstatus_to_exitcode(status)
                    # One that has just been started ends as asked before it can say so.
                    codes.append(0 if code == -signal.SIGTERM else code)
                    self._forget(worker)
        is_whole = not self._workers and self._ends == 1 and not any(codes)
        return 0 if is_whole else 1

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self._workers:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _kill_all(self) -> None:
        self._signal_all(signal.SIGKILL)
        for worker in list(self._workers.values()):
            os.waitpid(worker.process, 0)
            self._forget(worker)


_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    *([signal.SIGCHLD] if hasattr(signal, "SIGCHLD") else []),
)


def _tell(pipe: int) -> None:
    with suppress(OSError):
        os.write(pipe, b"r")


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
