"""Audio files read and made with the ffmpeg that the service uses."""

import subprocess
import wave
from pathlib import Path

import numpy as np

from adapter.intake.decoding import find_ffmpeg

RATE = 44_100
TONE_HZ = 440
TONE_SECONDS = 10
# How each file is made from tone.wav.
MADE = {
    "tone.mp3": ["-b:a", "64k"],
    "tone.m4a": ["-c:a", "aac"],
    "tone.ogg": ["-c:a", "libvorbis"],
    "tone.opus": ["-c:a", "libopus"],
    "tone.webm": ["-c:a", "libopus"],
    "tone.wma": ["-c:a", "wmav2"],
    "tone.flac": [],
}


def write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """Write INT16 samples, [N] for one channel or [N, channels], as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1] if samples.ndim > 1 else 1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def read_audio(path: Path) -> np.ndarray:
    """A file in any format as INT16 [samples], mono at 16 kHz."""
    command = [find_ffmpeg(None), "-v", "error", "-i", path, "-ar", "16000", "-ac", "1"]
    raw = subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.int16)


def make_media(folder: Path) -> None:
    """Fill a folder with the same ten seconds of a 440 Hz tone, stereo at 44.1 kHz."""
    times = np.arange(RATE * TONE_SECONDS) / RATE
    tone = (16_384 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
    write_wav(folder / "tone.wav", np.stack([tone, tone], axis=1), RATE)
    ffmpeg = find_ffmpeg(None)

    def make(*arguments: str) -> None:
        command = [ffmpeg, "-nostdin", "-v", "error", "-y", *arguments]
        subprocess.run(command, cwd=folder, check=True)

    for name, options in MADE.items():
        make("-i", "tone.wav", *options, name)
    picture = ("-f", "lavfi", "-i", f"testsrc=size=64x64:duration={TONE_SECONDS}")
    make(*picture, "-i", "tone.wav", "-c:a", "aac", "video.mp4")
    make(*picture, "silent-film.mp4")
    make("-i", "tone.wav", "-t", "0", "no-samples.wav")
