"""Recordings that are worked on while nobody waits at the line, and are not forgotten."""
