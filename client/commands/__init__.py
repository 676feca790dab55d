"""The parts of the command ``asr``, each in a module of its own."""
