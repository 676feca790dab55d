"""``make perf``: Triton's perf_analyzer on the ensemble and on each of the four leaves."""
