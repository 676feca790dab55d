"""What the model.py files share: the only part of the pipeline that knows Triton."""

LOADED_NETWORKS = "asr_loaded_networks"  # the metric that tells which networks are loaded
