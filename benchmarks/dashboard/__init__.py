"""``make dashboard``: every query of the dashboard and of the rules, asked of a Prometheus."""
