"""What a check says, and what its exit status is."""

import json

from adapter.check.lines import Report, failed, left_out, passed


def report(capsys, *lines, as_json=False):
    told = Report(as_json)
    told.add(iter(lines))
    status = told.end(12.3)
    return status, capsys.readouterr().out


def test_everything_passes(capsys):
    status, out = report(capsys, passed("whisper", "says what the CPU says"))
    assert status == 0
    assert out == "✓ whisper: says what the CPU says\neverything that ran passes (12 s)\n"


def test_a_fault_says_what_to_do_and_is_the_exit_status(capsys):
    status, out = report(
        capsys, left_out("wav2vec2", "no torch"), failed("card", "it is old", "take another")
    )
    assert status == 1
    assert out.splitlines() == [
        "– wav2vec2: no torch",
        "✗ card: it is old",
        "    take another",
        "does not pass: card; left out: wav2vec2 (12 s)",
    ]


def test_a_document_and_nothing_else(capsys):
    status, out = report(
        capsys, passed("speed", "«fast»", seconds=3.5), failed("card", "old", "new"), as_json=True
    )
    assert status == 1
    assert json.loads(out) == {
        "passed": False,
        "seconds": 12.3,
        "checks": [
            {
                "name": "speed",
                "state": "passed",
                "told": "«fast»",
                "mend": None,
                "figures": {"seconds": 3.5},
            },
            {"name": "card", "state": "failed", "told": "old", "mend": "new", "figures": {}},
        ],
    }
