"""``python -m benchmarks.work.lengths FOLDER``: what the encoder hears, by the length of chunks.

Recordings of the folder are cut into chunks as the service does, with other limits: the longest
speech of a chunk, and the part of it from which on the longest pause is looked for.
"""

import sys
from pathlib import Path

from pipeline.audio import SAMPLE_RATE
from pipeline.transcription import chunking
from pipeline.transcription.chunking import CHUNK_SAMPLES, PADDING
from pipeline.transcription.spectrogram import HOP, frames_heard
from pipeline.transcription.voice_activity import VoiceActivityDetector
from tests.speech.media import read_audio

SUFFIXES = {".wav", ".flac", ".mp3", ".opus"}
LONGEST = (30, 25, 22, 17, 12)  # seconds
FILLED = (0.6, 0.75, 0.9)


def main() -> None:
    """Print a row for each pair of limits."""
    files = [each for each in sorted(Path(sys.argv[1]).rglob("*")) if each.suffix in SUFFIXES]
    detector = VoiceActivityDetector()
    recordings = [read_audio(file) for file in files]
    total = sum(map(len, recordings)) / SAMPLE_RATE
    print(f"{len(files)} recordings, {total / 60:.0f} min\n")
    print("| longest | pause looked for from | chunks | the encoder hears, times the recording |")
    print("| --- " * 4 + "|")
    for longest in LONGEST:
        speech = longest * SAMPLE_RATE - 2 * PADDING
        spans = [list(detector.spans(audio, speech)) for audio in recordings]
        chunking.LONGEST_SPEECH = speech
        for filled in FILLED:
            chunking.FILLED = round(filled * min(longest * SAMPLE_RATE, CHUNK_SAMPLES))
            chunks = [
                chunk
                for audio, found in zip(recordings, spans, strict=True)
                for chunk in chunking.chunks(found, len(audio))
            ]
            heard = sum(frames_heard(chunk.end - chunk.start) for chunk in chunks)
            heard *= HOP / SAMPLE_RATE
            print(f"| {longest} s | {filled:g} | {len(chunks)} | {heard / total:.2f} |", flush=True)


if __name__ == "__main__":
    main()
