"""The ways in which a recording can fail, as the client should hear of them."""


class PipelineError(Exception):
    """Base of the errors below."""


class InvalidRequest(PipelineError):  # noqa: N818 - the name a client's mistake has everywhere
    """The request asks for something that does not exist or makes no sense."""


class DeadlineExceeded(PipelineError):  # noqa: N818 - gRPC's own name for it
    """The request's deadline passed before its work was done."""


class Cancelled(PipelineError):  # noqa: N818 - gRPC's own name for it
    """Whoever asked has hung up."""


class Overloaded(PipelineError):  # noqa: N818 - a state, not a fault
    """A queue of the graph is full; the request may be sent again later."""


class OutOfMemory(Overloaded):
    """Not even one piece fits into the memory that is left, on the card or in the machine."""


class BrokenDevice(PipelineError):  # noqa: N818 - a state
    """This process can use its card no more; another one may."""


class ModelLoading(PipelineError):  # noqa: N818 - a state, not a fault
    """The network that was asked for is being loaded; ask again in a moment."""


class WeightsUnavailable(PipelineError):  # noqa: N818 - a state, not a fault
    """A network's weights are not in the cache and cannot be fetched now."""


class WeightsNotFound(WeightsUnavailable):
    """A network's weights are not in the cache, and asking again will not change that."""


def forget_frames(failure: BaseException | None) -> None:
    """Let go of all that the functions hold which a failure came through.

    They hold it in turn, so that nobody but the garbage collector would ever
    give back their recording, in memory which Triton cannot use until then.
    """
    while failure is not None:
        failure.__traceback__ = None
        failure = failure.__cause__ or failure.__context__
