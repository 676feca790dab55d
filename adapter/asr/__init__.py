"""Speakr's dialect: the options that ``/asr`` takes and the answers that it gives."""
