"""OpenAI's audio API: what its clients send, and what they expect to read."""
