"""How right a transcript is."""
