"""When a call that failed is made again, and how long everything may take."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from client.errors import ServiceError, TimedOutError, UnavailableError, UnreachableError
from client.protocol.calls import Call, Repeat

MOST_PAUSE = 30.0  # seconds; a service that asks for more is asked again after what it says
PATIENT_TIMES = 10  # two minutes and a half: a service that is started again is back within them
REFUSED = (429, 503)  # nothing has been done
# Is told what went wrong, and after how many seconds there is another attempt.
OnRetry = Callable[[ServiceError, float], None]


class Deadline:
    """A moment by the clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def left(self) -> float:
        """Seconds until then.

        Raises:
            TimedOutError: it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimedOutError(None, f"no answer within {self._seconds:g} seconds")
        return left

    def within(self, seconds: float | None) -> "Deadline":
        """This one, or one after so many seconds if that is earlier."""
        return self if seconds is None or seconds >= self.left() else Deadline(seconds)

    def allows(self, pause: float) -> bool:
        """Whether there is time left after such a pause."""
        return time.monotonic() + pause < self._end


@dataclass(frozen=True)
class Retries:
    """How often, and with what pauses.

    Attributes:
        times: attempts after the first one; 0 for none.
        first: seconds of the first pause; each further one is twice as long, up to 30.  Each is
            shortened at random by up to a half, so that clients do not come back together.
        on_retry: is called before each pause.
    """

    times: int = 4
    first: float = 0.5
    on_retry: OnRetry | None = None
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def patient(self) -> "Retries":
        """The same for what would be lost otherwise, if anything is to be repeated at all."""
        return replace(self, times=max(self.times, PATIENT_TIMES)) if self.times else self

    def pause(self, attempt: int) -> float:
        """Seconds before an attempt; the first one that is a repetition is 0."""
        longest = min(self.first * 2.0**attempt, MOST_PAUSE)
        return longest * (1 - self.chance() / 2)


class Attempts:
    """Those of one call."""

    def __init__(self, retries: Retries, call: Call, deadline: Deadline) -> None:
        self._retries = retries
        self._call = call
        self._deadline = deadline
        self._repeated = 0

    def pause_after(self, failure: ServiceError) -> float:
        """Seconds to wait before the call is made again.

        Raises:
            ServiceError: the failure, if it is to be made no more.
        """
        if self._repeated >= self._retries.times or not may_repeat(self._call, failure):
            raise failure
        pause = self._retries.pause(self._repeated)
        if isinstance(failure, UnavailableError) and failure.retry_after is not None:
            pause = max(pause, failure.retry_after)
        if not self._deadline.allows(pause):
            raise failure
        self._repeated += 1
        if self._retries.on_retry:
            self._retries.on_retry(failure, pause)
        return pause


def may_repeat(call: Call, failure: ServiceError) -> bool:
    """Whether it helps to make a call again that has failed like this, and does no harm."""
    if call.repeat is Repeat.NEVER:
        return False
    if failure.status in REFUSED:
        return True
    if call.repeat is Repeat.IF_REFUSED:
        return False
    passing = isinstance(failure, UnreachableError | UnavailableError)
    return passing or (isinstance(failure, TimedOutError) and failure.status is not None)
