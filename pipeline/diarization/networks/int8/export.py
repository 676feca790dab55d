"""Write the graph ``ecapa_frames``, without weights.

For whoever changes what it computes:

    uv run --active --no-sync --with onnx python -m pipeline.diarization.networks.int8.export

Who runs the graph needs no package ``onnx``.  Its weights have the names that
:func:`~.weights.frame_level` gives them, and are filled in by
:func:`pipeline.diarization.networks.sessions.open_graph`.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.diarization.networks.ecapa import ARCHITECTURE, MEL_BANDS
from pipeline.diarization.networks.int8.weights import ATTENTION, QUANTISED
from pipeline.diarization.networks.sessions import GRAPHS

CONTRIBUTED = "com.microsoft"  # ONNX Runtime's own operators
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIBUTED, 1)]
IR_VERSION = 8  # which belongs to opset 17
PARTS = 8  # that a Res2Net block divides its channels into
GATE = 128  # channels of squeeze and excitation
LAST = np.iinfo(np.int64).max  # where a slice ends that takes the rest
WIDTHS, KERNELS, DILATIONS = (
    ARCHITECTURE[each] for each in ("channels", "kernel_sizes", "dilations")
)


class Graph:
    """Nodes in the order in which they are computed; what each makes has a number for a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.given: dict[str, onnx.TensorProto] = {}

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        """A node; the name of what it makes, or with a number behind it of each of them."""
        name = str(len(self.nodes))
        names = [name] if outputs == 1 else [f"{name}.{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return name

    def constant(self, *values: int, shape: tuple[int, ...] = (-1,)) -> str:
        """INT64 values."""
        array = np.array(values, np.int64).reshape(shape)
        name = f"{'x'.join(map(str, array.shape)) or 'one'}:{','.join(map(str, values))}"
        self.given[name] = numpy_helper.from_array(array, name)
        return name

    def weight(self, name: str, *dims: int, kind: int = TensorProto.FLOAT) -> str:
        """A tensor that is to be had elsewhere."""
        self.given[name] = onnx.TensorProto(
            name=name,
            data_type=kind,
            dims=dims,
            data_location=TensorProto.EXTERNAL,
            external_data=[onnx.StringStringEntryProto(key="location", value="checkpoint")],
        )
        return name

    def linear(self, layer: str, rows: str, inputs: int, outputs: int) -> str:
        """``layer`` of each of the rows."""
        bias = self.weight(f"{layer}.bias", outputs)
        if layer in QUANTISED:
            weight = self.weight(f"{layer}.int8", inputs, outputs, kind=TensorProto.INT8)
            scale = self.weight(f"{layer}.scale", outputs)
            operands = [rows, weight, scale, "", bias]  # without a zero point
            return self.add("DynamicQuantizeMatMul", *operands, domain=CONTRIBUTED)
        matrix = self.weight(f"{layer}.matrix", inputs, outputs)
        return self.add("Add", self.add("MatMul", rows, matrix), bias)

    def tdnn(
        self, layer: str, rows: str, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1
    ) -> str:
        """A convolution over the rows, which are reflected at both ends; ReLU; normalisation."""
        if kernel > 1:
            rows = self._neighbours(rows, kernel, dilation)
        rows = self.add("Relu", self.linear(f"{layer}.conv.conv", rows, kernel * inputs, outputs))
        norm = f"{layer}.norm.norm"
        scaled = self.add("Mul", rows, self.weight(f"{norm}.slope", outputs))
        return self.add("Add", scaled, self.weight(f"{norm}.offset", outputs))

    def _neighbours(self, rows: str, kernel: int, dilation: int) -> str:
        """Each row behind those before it and ahead of those after it."""
        reach = dilation * (kernel - 1)
        half = reach // 2
        padded = self.add("Pad", rows, self.constant(half, 0, half, 0), mode="reflect")
        taps = [
            self.add(
                "Slice",
                padded,
                self.constant(tap * dilation),
                self.constant(tap * dilation - reach or LAST),
                self.constant(0),
            )
            for tap in range(kernel)
        ]
        return self.add("Concat", *taps, axis=1)

    def res2net(self, block: str, rows: str, kernel: int, dilation: int, width: int) -> str:
        """Each part of the channels but the first is convolved with what came of the one before."""
        parts = self.add("Split", rows, self.constant(*[width] * PARTS), outputs=PARTS, axis=1)
        done = [f"{parts}.0"]
        for number in range(1, PARTS):
            part = f"{parts}.{number}"
            if number > 1:
                part = self.add("Add", part, done[-1])
            layer = f"{block}.res2net_block.blocks.{number - 1}"
            done.append(self.tdnn(layer, part, width, width, kernel, dilation))
        return self.add("Concat", *done, axis=1)

    def gate(self, block: str, rows: str, channels: int, frames: str) -> str:
        """What each channel of a row is multiplied by: it follows the rows from begin to end.

        The mean of what is squeezed is what is squeezed of the mean, and has fewer channels.
        """
        squeezed = self.linear(f"{block}.se_block.conv1.conv", rows, channels, GATE)
        exact = self.add("Cast", squeezed, to=TensorProto.DOUBLE)
        sums = self.add("CumSum", exact, self.constant(0, shape=()))
        sums = self.add("Pad", sums, self.constant(1, 0, 0, 0))
        sums = [self.add("Gather", sums, edge, axis=0) for edge in ("end", "begin")]
        mean = self.add("Div", self.add("Sub", *sums), frames)
        mean = self.add("Relu", self.add("Cast", mean, to=TensorProto.FLOAT))
        excited = self.linear(f"{block}.se_block.conv2.conv", mean, GATE, channels)
        return self.add("Sigmoid", excited)


def frame_level() -> onnx.ModelProto:
    """Frames [N, 3072], and their part in the first layer of the attention [N, 128].

    Inputs: ``features`` [1, 80, T]; ``begin`` and ``end``, INT64 [T], the first of the frames that
    each frame's gates follow and the one after the last of them; ``chosen``, INT64 [N], the frames
    that are wanted: the others end before the widest layer.
    """
    graph = Graph()
    width = WIDTHS[0]
    rows = graph.add("Transpose", graph.add("Squeeze", "features", graph.constant(0)))
    rows = graph.tdnn("blocks.0", rows, MEL_BANDS, width, KERNELS[0], DILATIONS[0])
    frames = graph.add("Unsqueeze", graph.add("Sub", "end", "begin"), graph.constant(1))
    frames = graph.add("Cast", frames, to=TensorProto.DOUBLE)
    layers = []
    for number in (1, 2, 3):
        block = f"blocks.{number}"
        inner = graph.tdnn(f"{block}.tdnn1", rows, width, width)
        inner = graph.res2net(block, inner, KERNELS[number], DILATIONS[number], width // PARTS)
        inner = graph.tdnn(f"{block}.tdnn2", inner, width, width)
        rows = graph.add(
            "Add", graph.add("Mul", graph.gate(block, inner, width, frames), inner), rows
        )
        layers.append(graph.add("Gather", rows, "chosen", axis=0))
    joined = graph.add("Concat", *layers, axis=1)
    heard = graph.tdnn("mfa", joined, len(layers) * width, WIDTHS[-1])
    attention = ARCHITECTURE["attention_channels"]
    shared = graph.linear(ATTENTION, heard, WIDTHS[-1], attention)
    for made, name in ((heard, "frames"), (shared, "shared")):
        graph.nodes.append(helper.make_node("Identity", [made], [name]))
    return _model(
        graph,
        {"features": [1, MEL_BANDS, "T"], "begin": ["T"], "end": ["T"], "chosen": ["N"]},
        {"frames": ["N", WIDTHS[-1]], "shared": ["N", attention]},
    )


def _model(graph: Graph, inputs: dict[str, list], outputs: dict[str, list]) -> onnx.ModelProto:
    """The graph with its interface; inputs of one free dimension are INT64."""

    def value(name: str, dims: list) -> onnx.ValueInfoProto:
        kind = TensorProto.FLOAT if len(dims) > 1 else TensorProto.INT64
        return helper.make_tensor_value_info(name, kind, dims)

    given, answers = ([value(*each) for each in side.items()] for side in (inputs, outputs))
    made = helper.make_graph(
        graph.nodes, "ecapa_frames", given, answers, list(graph.given.values())
    )
    return helper.make_model(made, opset_imports=OPSETS, ir_version=IR_VERSION)


if __name__ == "__main__":
    written = frame_level().SerializeToString(deterministic=True)
    (GRAPHS / "ecapa_frames.onnx").write_bytes(written)
