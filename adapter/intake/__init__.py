"""From an upload to PCM: what arrives is written to disk, decoded and kept for Triton."""
