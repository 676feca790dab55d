"""What becomes of a leaf's batch: that it is computed, in parts if need be, or why it is not."""
