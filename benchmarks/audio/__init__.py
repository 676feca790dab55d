"""What is measured with: recordings, and how they are made."""
