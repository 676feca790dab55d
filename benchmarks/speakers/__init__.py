"""Who says what: an evaluation set that looks like use, and what is measured on it."""
