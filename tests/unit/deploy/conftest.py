"""Tests that an older Python has nothing for."""

import sys

# Grafana's types are for Python 3.11 and later; test_monitoring.py sees what it can without them.
collect_ignore = ["test_grafana.py"] if sys.version_info < (3, 11) else []
