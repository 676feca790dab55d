"""The nodes and the weights of an ONNX file, read without the package ``onnx``.

Of the format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, protocol buffers) only
what a network's weights need: which tensor goes into which operator.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Numbers of fields.
GRAPH = 7  # of a ModelProto
NODE, INITIALIZER = 1, 5  # of a GraphProto
INPUT, OPERATOR = 1, 4  # of a NodeProto
DIMENSIONS, KIND, FLOATS, NAME, RAW = 1, 2, 4, 8, 9  # of a TensorProto
FLOAT = 1  # a kind of tensor

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # how a field is encoded


@dataclass(frozen=True)
class OnnxFile:
    """One network."""

    nodes: tuple[tuple[str, tuple[str, ...]], ...]  # operators with their inputs, in order
    tensors: dict[str, np.ndarray]  # FP32 weights by name

    @classmethod
    def read(cls, path: Path) -> "OnnxFile":
        """Read a file.

        Raises:
            ValueError: it is none, or is damaged.
        """
        content = memoryview(path.read_bytes())
        nodes, tensors = [], {}
        try:
            for graph in _of(content, GRAPH):
                nodes += [_node(node) for node in _of(graph, NODE)]
                tensors |= dict(filter(None, map(_tensor, _of(graph, INITIALIZER))))
        except (IndexError, ValueError) as failure:
            raise ValueError(f"{path.name} is no ONNX file: {failure}") from failure
        return cls(tuple(nodes), tensors)

    def inputs_of(self, operator: str) -> list[list[np.ndarray]]:
        """The weights that go into each operator of this name, in order."""
        return [
            [self.tensors[name] for name in inputs if name in self.tensors]
            for name, inputs in self.nodes
            if name == operator
        ]


def _node(content: memoryview) -> tuple[str, tuple[str, ...]]:
    (operator,) = _of(content, OPERATOR)
    return _text(operator), tuple(map(_text, _of(content, INPUT)))


def _tensor(content: memoryview) -> tuple[str, np.ndarray] | None:
    if [*_of(content, KIND)] != [FLOAT]:
        return None
    shape: list[int] = []
    for dimension in _of(content, DIMENSIONS):
        shape += [dimension] if isinstance(dimension, int) else _packed(dimension)
    (name,) = _of(content, NAME)
    values = b"".join(bytes(each) for each in (*_of(content, RAW), *_of(content, FLOATS)))
    return _text(name), np.frombuffer(values, "<f4").reshape(shape)


def _of(message: memoryview, wanted: int) -> Iterator[memoryview | int]:
    """The values of one field of a message."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, encoding = key >> 3, key & 7
        if encoding == VARINT:
            value, position = _varint(message, position)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(encoding)
            if encoding == BYTES:
                length, position = _varint(message, position)
            if length is None or position + length > len(message):
                raise ValueError("a field that ends nowhere")
            value = message[position : position + length]
            position += length
        if number == wanted:
            yield value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number, and the position behind it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _packed(numbers: memoryview) -> list[int]:
    values, position = [], 0
    while position < len(numbers):
        value, position = _varint(numbers, position)
        values.append(value)
    return values


def _text(content: memoryview) -> str:
    return bytes(content).decode()
