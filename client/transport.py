"""How calls are made over HTTP, by either client: sent, repeated where that helps, and bounded."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import httpx

from client.errors import ServiceError
from client.protocol.calls import Answer, Call, Operation
from client.protocol.connection import Connection, timeout
from client.protocol.events import Event, EventReader
from client.protocol.retries import Attempts, Deadline, Retries

T = TypeVar("T")


class Transport:
    """Makes calls, and waits for their answers."""

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None) -> None:
        self.connection = connection
        with connection.failures():
            self._http = httpx.Client(
                base_url=connection.url, headers=connection.headers, transport=transport
            )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, operation: Operation[T], seconds: float | None = None) -> T:
        """Make the calls of an operation."""
        whole = Deadline(seconds or self.connection.seconds)
        try:
            call = next(operation)
            while True:
                try:
                    answer = self._answer(call, whole)
                except ServiceError as failure:
                    call = operation.throw(failure)
                else:
                    call = operation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _answer(self, call: Call, whole: Deadline) -> Answer:
        """The answer of a call, however often it has to be made."""
        deadline = whole.within(call.seconds)
        attempts = Attempts(self.connection.retries, call, deadline)
        while True:
            try:
                return self._attempt(call, deadline)
            except ServiceError as failure:
                time.sleep(attempts.pause_after(failure))

    def _attempt(self, call: Call, deadline: Deadline) -> Answer:
        with self._opened(call, deadline) as response:
            content = bytearray()
            for block in response.iter_bytes():
                deadline.left()
                content += block
            return Answer(response.status_code, response.headers, bytes(content)).checked()

    @contextmanager
    def _opened(
        self, call: Call, deadline: Deadline, silent: float | None = None
    ) -> Iterator[httpx.Response]:
        with (
            self.connection.failures(),
            call.sending(deadline.left) as content,
            self._http.stream(
                call.method,
                call.path,
                params=dict(call.params),
                json=call.json,
                content=None if content is None else content.blocks(),
                headers=call.headers_of(content),
                timeout=timeout(deadline, silent),
            ) as response,
        ):
            yield response

    def events(
        self, call: Call, deadline: Deadline, retries: Retries, silent: float | None = None
    ) -> Generator[Event, None, None]:
        """The events of an answer.  The call is repeated only before the first one."""
        attempts = Attempts(retries, call, deadline)
        begun = False
        while True:
            try:
                with self._opened(call, deadline, silent) as response:
                    if not response.is_success:
                        content = response.read()
                        raise Answer(response.status_code, response.headers, content).error
                    reader = EventReader()
                    for block in response.iter_bytes():
                        deadline.left()
                        for event in reader.feed(block):
                            begun = True
                            yield event
                    return
            except ServiceError as failure:
                if begun:
                    raise
                time.sleep(attempts.pause_after(failure))


class AsyncTransport:
    """The same within an event loop."""

    def __init__(self, connection: Connection, transport: httpx.AsyncBaseTransport | None) -> None:
        self.connection = connection
        with connection.failures():
            self._http = httpx.AsyncClient(
                base_url=connection.url, headers=connection.headers, transport=transport
            )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, operation: Operation[T], seconds: float | None = None) -> T:
        """Make the calls of an operation."""
        whole = Deadline(seconds or self.connection.seconds)
        try:
            call = next(operation)
            while True:
                try:
                    answer = await self._answer(call, whole)
                except ServiceError as failure:
                    call = operation.throw(failure)
                else:
                    call = operation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _answer(self, call: Call, whole: Deadline) -> Answer:
        """The answer of a call, however often it has to be made."""
        deadline = whole.within(call.seconds)
        attempts = Attempts(self.connection.retries, call, deadline)
        while True:
            try:
                return await self._attempt(call, deadline)
            except ServiceError as failure:
                await asyncio.sleep(attempts.pause_after(failure))

    async def _attempt(self, call: Call, deadline: Deadline) -> Answer:
        async with self._opened(call, deadline) as response:
            content = bytearray()
            async for block in response.aiter_bytes():
                deadline.left()
                content += block
            return Answer(response.status_code, response.headers, bytes(content)).checked()

    @asynccontextmanager
    async def _opened(
        self, call: Call, deadline: Deadline, silent: float | None = None
    ) -> AsyncIterator[httpx.Response]:
        with self.connection.failures(), call.sending(deadline.left) as content:
            async with self._http.stream(
                call.method,
                call.path,
                params=dict(call.params),
                json=call.json,
                content=None if content is None else content.later(),
                headers=call.headers_of(content),
                timeout=timeout(deadline, silent),
            ) as response:
                yield response

    async def events(
        self, call: Call, deadline: Deadline, retries: Retries, silent: float | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events of an answer.  The call is repeated only before the first one."""
        attempts = Attempts(retries, call, deadline)
        begun = False
        while True:
            try:
                async with self._opened(call, deadline, silent) as response:
                    if not response.is_success:
                        content = await response.aread()
                        raise Answer(response.status_code, response.headers, content).error
                    reader = EventReader()
                    async for block in response.aiter_bytes():
                        deadline.left()
                        for event in reader.feed(block):
                            begun = True
                            yield event
                    return
            except ServiceError as failure:
                if begun:
                    raise
                await asyncio.sleep(attempts.pause_after(failure))
