"""A clip of speech, a tone and films, each in the formats that clients send."""

import subprocess
from pathlib import Path

from adapter.intake.decoding import find_ffmpeg

# «I didn't know you were there. Neither did I.»
CLIP_START, CLIP_SECONDS = 8.2, 3.1
CLIP_WORDS = "know you were there"
TONE_SECONDS = 2
FORMATS = {
    "wav": [],
    "flac": [],
    "mp3": ["-b:a", "64k"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "m4a": ["-c:a", "aac"],
    "webm": ["-c:a", "libopus"],
}
PICTURES = ["-f", "lavfi", "-i", f"testsrc=size=64x64:rate=5:duration={TONE_SECONDS}"]
TONE = ["-f", "lavfi", "-i", f"sine=duration={TONE_SECONDS}:sample_rate=16000"]
SUBTITLE = "1\n00:00:00,000 --> 00:00:02,000\nNobody says this.\n"


class Encoder:
    """Runs the service's own ffmpeg in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ffmpeg = find_ffmpeg(None)

    def make(self, name: str, *arguments: str | Path) -> bytes:
        """The file that ffmpeg makes, which stays in the folder under this name."""
        command = [self._ffmpeg, "-nostdin", "-v", "error", "-y", *arguments, name]
        subprocess.run(command, cwd=self.folder, check=True)
        return (self.folder / name).read_bytes()

    def speech(self, sample: Path) -> dict[str, bytes]:
        """The clip in every format, by the format's name."""
        clip = ("-ss", str(CLIP_START), "-t", str(CLIP_SECONDS), "-i", sample)
        return {name: self.make(f"speech.{name}", *clip, *how) for name, how in FORMATS.items()}

    def tone(self) -> dict[str, bytes]:
        """A tone in every format."""
        return {name: self.make(f"tone.{name}", *TONE, *how) for name, how in FORMATS.items()}

    def silent_films(self) -> dict[str, bytes]:
        """Pictures without sound."""
        return {suffix: self.make(f"film.{suffix}", *PICTURES) for suffix in ("mp4", "mkv", "avi")}

    def picture(self, suffix: str) -> bytes:
        """A still picture."""
        return self.make(f"picture.{suffix}", *PICTURES, "-frames:v", "1")

    def subtitles_alone(self) -> bytes:
        """A Matroska file of subtitles and nothing else."""
        (self.folder / "lines.srt").write_text(SUBTITLE)
        return self.make("lines.mkv", "-i", "lines.srt")

    def with_attachment(self) -> bytes:
        """The tone in Matroska, with a program as attachment."""
        (self.folder / "install.sh").write_text("#!/bin/sh\ntouch /tmp/hostile\n")
        attachment = ("-attach", "install.sh", "-metadata:s:t", "mimetype=text/x-shellscript")
        return self.make("attached.mkv", "-i", "tone.wav", *attachment)

    def silence(self, name: str, minutes: int) -> bytes:
        """Nothing to hear, for as long as that, in Opus: a minute takes 12 KB."""
        source = ("-f", "lavfi", "-i", "anullsrc=sample_rate=16000:channel_layout=mono", "-t", "60")
        self.make("minute.opus", *source, "-b:a", "6k", "-frame_duration", "60")
        return self.make(name, "-stream_loop", str(minutes - 1), "-i", "minute.opus", "-c", "copy")
