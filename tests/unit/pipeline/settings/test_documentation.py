"""``.env.example`` against the settings."""

import re
from pathlib import Path

from pipeline.settings import Settings

EXAMPLE = Path(__file__).parents[4] / ".env.example"


def test_every_setting_is_documented_and_nothing_else():
    documented = re.findall(r"(?m)^#([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"))
    assert documented == [name.upper() for name in Settings.model_fields]


def test_documented_defaults_are_the_defaults(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    defaults = Settings(_env_file=None)
    documented = dict(re.findall(r"(?m)^#([A-Z_]+)=(\S+)$", EXAMPLE.read_text(encoding="utf-8")))
    written = Settings(
        _env_file=None, **{name.lower(): value for name, value in documented.items()}
    )
    assert written == defaults
