"""What the model.py files share: the only part of the pipeline that knows Triton."""
