"""What a leaf tells of its batches."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.serving import FAILED_BATCHES, FAILING_SECONDS
from pipeline.serving.metrics.meters import PIECES, SECONDS, Meters, Tell


class LeafMeters:
    """Of one instance of a leaf."""

    def __init__(self, meters: Meters) -> None:
        self._pieces = meters.counter("asr_leaf_pieces_total", "Pieces that a leaf has answered")
        self._dropped = meters.counter(
            "asr_leaf_dropped_pieces_total",
            "Pieces that nobody waited for any more when their batch began",
        )
        self._fill = meters.histogram(
            "asr_leaf_batch_pieces", "Pieces in one batch of a leaf", PIECES
        )
        self._queue = meters.histogram(
            "asr_leaf_queue_seconds",
            "Seconds from the sending of a piece to the beginning of its batch",
            SECONDS,
        )
        self._batch = meters.histogram(
            "asr_leaf_batch_seconds", "Seconds that a leaf computed on one batch", SECONDS
        )

    def drop(self, pieces: int) -> None:
        """So many pieces were not computed."""
        if pieces:
            self._dropped(float(pieces))

    def batch(self, queued: Sequence[float], seconds: float) -> None:
        """A batch is through.

        Args:
            queued: the seconds that each piece of it has waited.
            seconds: of the batch.
        """
        for waited in queued:
            self._queue(waited)
        self._pieces(float(len(queued)))
        self._fill(float(len(queued)))
        self._batch(seconds)


class FailureMeters:
    """What a leaf tells of batches that it could not compute as they came."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._full = meters.counter(
            "asr_leaf_out_of_memory_total", "Times that pieces of a batch did not fit into memory"
        )
        self._limits: dict[str, Tell] = {}
        self.failed_batches = meters.gauge(
            FAILED_BATCHES, "Batches that have failed in a row by no fault of their senders"
        )
        self.failing_seconds = meters.gauge(
            FAILING_SECONDS, "Seconds between the first and the last of them"
        )

    def full(self) -> None:
        """There was no memory for some pieces."""
        self._full(1.0)

    def limit(self, network: str, pieces: int) -> None:
        """So many pieces of a network are computed at once; 0 for a whole batch."""
        if network not in self._limits:
            self._limits[network] = self._meters.gauge(
                "asr_leaf_batch_limit",
                "Pieces that a network computes at once since more did not fit; 0: all",
                network=network,
            )
        self._limits[network](float(pieces))
