"""What was said: a recording in, its text in chunks out (the step ``transcription``)."""
