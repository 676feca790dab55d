"""Many recordings at once: found, named, worked on, remembered, shown."""
