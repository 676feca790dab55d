"""Paths as libraries take them that know nothing of Python's surrogates."""

from pathlib import Path

from pipeline.utf8 import as_utf8


def test_the_name_that_the_file_system_has_is_told():
    seen_as_ascii = Path("/srv/j\udcc3\udcb6rg/weights")  # as Python has it in a stub
    assert as_utf8(seen_as_ascii) == "/srv/jörg/weights"
    assert as_utf8(Path("/srv/jörg/weights")) == "/srv/jörg/weights"
