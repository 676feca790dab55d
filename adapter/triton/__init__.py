"""Triton as the adapter knows it: calls to the graph, and what is done when it fails."""
