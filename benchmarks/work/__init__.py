"""What the networks cost at two commits of this repository, side by side in one run."""
