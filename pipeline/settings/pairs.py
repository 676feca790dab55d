"""Settings that map one thing to another: ``key=value,key=value``."""


def read_pairs(value: object, example: str) -> object:
    """The mapping that a text stands for; what is no text comes back as it is.

    Args:
        example: how it is to be written, for the error.

    Raises:
        ValueError: a pair has no ``=``.
    """
    if not isinstance(value, str):
        return value
    pairs = [pair.split("=", 1) for pair in value.split(",") if pair.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"write it as {example}")
    return {key.strip(): what.strip() for key, what in pairs}
