"""What the networks have said, kept for recordings that come again."""

from pathlib import Path

from pydantic import Field, field_validator

from pipeline.settings.weights import WeightsSettings


class AnswersSettings(WeightsSettings):
    """For how long, how much of it, and where."""

    keep_answers_seconds: float = Field(3600, ge=0)
    keep_answers_mb: float = Field(500, gt=0)
    keep_answers_dir: Path | None = None

    @field_validator("keep_answers_dir")
    @classmethod
    def _expand_home_of_answers(cls, folder: Path | None) -> Path | None:
        return folder and folder.expanduser().absolute()

    @property
    def answers_folder(self) -> Path:
        """The folder that they lie in."""
        return self.keep_answers_dir or self.cache_dir / "answers"
