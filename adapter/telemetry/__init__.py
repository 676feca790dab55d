"""What the service tells of its work: a line for each request, and metrics for Prometheus."""
