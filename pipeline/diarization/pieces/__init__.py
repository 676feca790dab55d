"""Short pieces of speech, each with a voice of its own, and who speaks in them."""
