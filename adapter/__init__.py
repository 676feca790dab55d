"""The service's face: FastAPI in front of Triton, speaking the dialects of its clients."""
