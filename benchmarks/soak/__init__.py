"""``make soak``: half an hour of mixed load and deaths, and what is left of it."""
