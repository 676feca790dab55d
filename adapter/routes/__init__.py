"""The service's addresses, one module for each group of them."""
