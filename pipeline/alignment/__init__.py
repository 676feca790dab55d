"""When each word was said, and where sentences end (the step ``alignment``)."""
