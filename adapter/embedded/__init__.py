"""A Triton server of our own: assembled from a wheel, started and watched beside the adapter."""
