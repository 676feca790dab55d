"""What is measured: our service, and stock WhisperX beside it."""
