"""Speech that Whisper left out of a chunk: where it is, and what is heard there by itself."""
