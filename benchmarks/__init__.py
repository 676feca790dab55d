"""What the service costs, beside WhisperX as people run it today."""
