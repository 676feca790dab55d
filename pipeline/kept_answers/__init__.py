"""Answers of leaves that are kept for a while, so that nothing is computed twice.

A recording that is sent again after a hang-up, a job after a restart, the same file in another
format: whatever the networks have said of the same samples is not asked for again.
"""
