"""Answers that are there already, for code that waits for futures."""

from concurrent.futures import Future
from typing import TypeVar

Value = TypeVar("Value")


def done(value: Value) -> "Future[Value]":
    """A future that holds its value."""
    future: Future[Value] = Future()
    future.set_result(value)
    return future


def failed(failure: Exception) -> "Future[object]":
    """A future whose work failed."""
    future: Future[object] = Future()
    future.set_exception(failure)
    return future
