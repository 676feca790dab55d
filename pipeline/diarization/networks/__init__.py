"""The networks behind ``segmentation`` and ``speaker_embedding``."""
