"""What a step tells of its requests, and of the pieces that it sends."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.serving.metrics.meters import SECONDS, Meters


class TurnMeters:
    """Of the pieces that a step keeps back until it is their turn; see ``FanOut``, which locks."""

    def __init__(self, meters: Meters, leaf: str) -> None:
        self._pieces = 0
        self._waiting = meters.gauge(
            "asr_pieces_waiting", "Pieces that a step keeps back until it is their turn", leaf=leaf
        )
        self._turn = meters.histogram(
            "asr_piece_turn_seconds",
            "Seconds that a piece waited in its step before it was sent to its leaf",
            SECONDS,
            leaf=leaf,
        )

    def enter(self) -> None:
        """A piece waits."""
        self._pieces += 1
        self._waiting(float(self._pieces))

    def leave(self, seconds: float | None) -> None:
        """It is sent after so many seconds, or dropped (None)."""
        self._pieces -= 1
        self._waiting(float(self._pieces))
        if seconds is not None:
            self._turn(seconds)


class KeptAnswerMeters:
    """Of the pieces whose answers are kept."""

    def __init__(self, meters: Meters, outcomes: Sequence[str]) -> None:
        """Args:
        outcomes: where an answer may come from.
        """
        name, what = "asr_kept_answers_total", "Pieces that may be answered by what is kept"
        self._pieces = {
            outcome: meters.counter(name, what, outcome=outcome) for outcome in outcomes
        }

    def __call__(self, outcome: str) -> None:
        """A piece's answer comes from there."""
        self._pieces[outcome](1.0)


class StepMeters:
    """Of a step's requests, whoever asks."""

    def __init__(self, meters: Meters, outcomes: Sequence[str]) -> None:
        """Args:
        outcomes: what may come of a request.
        """
        self._seconds = meters.histogram(
            "asr_step_seconds",
            "Seconds from a request's arrival at a step to its answer",
            SECONDS,
        )
        name, what = "asr_step_requests_total", "Requests that a step has answered"
        self._ended = {outcome: meters.counter(name, what, outcome=outcome) for outcome in outcomes}

    def ended(self, outcome: str, seconds: float) -> None:
        """A request has been answered."""
        self._seconds(seconds)
        self._ended[outcome](1.0)
