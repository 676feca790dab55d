"""The measurements; each adds rows to the table."""
