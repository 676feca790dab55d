"""What a client hears when a resource of the machine runs out."""

import errno
import os

import pytest

from adapter.errors import exhaustion_is_overload, to_response
from pipeline.errors import Overloaded


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.ENOMEM])
def test_what_runs_out_is_503_and_not_a_mistake(number):
    with pytest.raises(Overloaded) as overload, exhaustion_is_overload("the upload"):
        raise OSError(number, os.strerror(number))
    response = to_response(overload.value)
    assert response.status_code == 503
    assert b"no room for the upload" in response.body


def test_any_other_error_stays_what_it_is():
    with pytest.raises(PermissionError), exhaustion_is_overload("the upload"):
        raise PermissionError(errno.EACCES, "Permission denied")
