"""AssemblyAI's API: what ``/v2`` takes and what it answers."""
