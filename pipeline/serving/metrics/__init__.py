"""What the models tell on Triton's metrics page, which docs/metrics.md explains."""
