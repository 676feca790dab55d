"""The speech work: from PCM to segments, words, turns and speakers.

Everything outside :mod:`pipeline.serving` runs without Triton.
"""
