"""Who said each word: of one recording with turns, or of people who were recorded apart."""
