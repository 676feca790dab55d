"""A failure that is passed on keeps nothing alive that it came through."""

import gc
import weakref

from pipeline.errors import PipelineError, forget_frames


class Recording:
    """What a function holds when it fails."""


def fail(held: list[weakref.ref]) -> None:
    recording = Recording()
    held.append(weakref.ref(recording))
    try:
        try:
            raise OSError("the disk")
        except OSError as error:
            raise ValueError("the context") from error
    except ValueError:
        raise PipelineError("the recording") from None


def test_a_failure_gives_back_what_the_functions_held_which_it_came_through():
    held: list[weakref.ref] = []
    gc.disable()
    try:
        try:
            fail(held)
        except PipelineError as error:
            failure = error
        assert held[0]() is not None
        forget_frames(failure)
        assert held[0]() is None
    finally:
        gc.enable()
    assert str(failure) == "the recording"


def test_nothing_is_to_be_forgotten_of_no_failure():
    forget_frames(None)
