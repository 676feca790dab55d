"""What every process of the service tells of its work."""
