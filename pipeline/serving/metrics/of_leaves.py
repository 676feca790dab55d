"""What a leaf tells of its batches."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.serving.metrics.meters import PIECES, SECONDS, Meters


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
