"""What a request waits for: others in line, the same recording, Triton, the end of it all."""
