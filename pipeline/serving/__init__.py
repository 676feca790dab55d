"""What the model.py files share: the only part of the pipeline that knows Triton."""

LOADED_NETWORKS = "asr_loaded_networks"  # the metric that tells which networks are loaded
# The metrics that tell of batches of a leaf that have failed in a row, and for how long.
FAILED_BATCHES, FAILING_SECONDS = "asr_leaf_failed_batches", "asr_leaf_failing_seconds"
# The variable without which no fault can be provoked (pipeline.serving.batches.faults).
PROVOKED_FAULTS = "PROVOKED_FAULTS"
