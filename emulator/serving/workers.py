"""Threads for what takes long, so that the thread that serves waits for nobody.

They are few, because all share one interpreter: each that computes makes the others slower. They
are daemons, because a process that ends waits for none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from emulator.budgets import MAX_WORKERS

Task = Callable[[], object]


class Workers:
    """Threads that carry out tasks in the order in which they come, as many at a time as may be."""

    def __init__(self, name: str, most: int = MAX_WORKERS) -> None:
        """Start no thread before there is a task for it."""
        self._name = name
        self._most = most
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0

    def submit(self, task: Task) -> None:
        """Have a task carried out soon. It must not raise."""
        with self._lock:
            self._unfinished += 1
            if self._unfinished > self._threads and self._threads < self._most:
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._tasks.put(task)

    def close(self) -> None:
        """Let the threads end once they have finished what they were given."""
        with self._lock:
            threads, self._threads = self._threads, 0
        for _ in range(threads):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            finally:
                with self._lock:
                    self._unfinished -= 1
