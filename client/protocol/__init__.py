"""What is sent and what is heard, without a connection: both clients send and hear the same."""
