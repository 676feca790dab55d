"""``python -m pipeline.diarization.networks.export``: write ``ecapa_pooling``, without weights.

For whoever changes what the graph computes (the frame-level layers are :mod:`.int8.export`'s).
Needs the packages ``speechbrain``, ``torch`` and ``onnx``; who runs the graph does not.  The
weights become initializers with the names that they have in the checkpoint, to be filled in by
:func:`~.sessions.open_graph`.
"""

from collections.abc import Sequence

import onnx
import torch
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.nnet.CNN import Conv1d
from speechbrain.nnet.normalization import BatchNorm1d
from torch.nn import functional

from pipeline.diarization.networks.ecapa import ARCHITECTURE
from pipeline.diarization.networks.sessions import GRAPHS

OPSET = 17
FRAMES = 500  # of the example that is traced
ATTENTION, CHANNELS = ARCHITECTURE["attention_channels"], ARCHITECTURE["channels"][-1]


class Pooling(ECAPA_TDNN):
    """The attentive statistics of one mask."""

    def forward(
        self, frames: torch.Tensor, shared: torch.Tensor, chosen: torch.Tensor
    ) -> torch.Tensor:
        """The embedding [1, 192].

        Args:
            frames: [N, 3072].
            shared: [N, 128].
            chosen: INT64 [n], n > 0.
        """
        pooling = self.asp
        frames = frames.index_select(0, chosen)
        mean = frames.mean(dim=0, keepdim=True)
        frames = frames - mean  # so that squares stay small
        deviation = (frames * frames).mean(dim=0, keepdim=True).clamp(pooling.eps).sqrt()
        weight = pooling.tdnn.conv.conv.weight[:, CHANNELS:, 0]
        context = torch.cat([mean, deviation], dim=1) @ weight.T
        hidden = (shared.index_select(0, chosen) + context).relu()
        hidden = _normalize(pooling.tdnn.norm, hidden).tanh()
        # Bounded by the hyperbolic tangent and the weights, 30 in all: no exponential overflows.
        # Their bias is the same in all frames of a channel, whose sum it divides as well.
        attention = (hidden @ pooling.conv.conv.weight[:, :, 0].T).exp()
        total = attention.sum(dim=0, keepdim=True)
        attention = attention * frames
        shift = attention.sum(dim=0, keepdim=True) / total
        square = (attention * frames).sum(dim=0, keepdim=True) / total
        deviation = (square - shift * shift).clamp(pooling.eps).sqrt()
        statistics = _normalize(self.asp_bn, torch.cat([mean + shift, deviation], dim=1))
        return torch.addmm(self.fc.conv.bias, statistics, self.fc.conv.weight[:, :, 0].T)


def main() -> None:
    """Write the graph into the package."""
    export(
        Pooling,
        "ecapa_pooling",
        {"frames": 0, "shared": 0, "chosen": 0},
        {},
        [
            torch.randn(FRAMES, CHANNELS),
            torch.randn(FRAMES, ATTENTION),
            torch.arange(0, FRAMES, 2),
        ],
    )


def export(
    kind: type[ECAPA_TDNN],
    name: str,
    inputs: dict[str, int],
    outputs: dict[str, int],
    example: Sequence[torch.Tensor],
) -> None:
    """Trace a network and write its graph.

    Args:
        kind: the network.
        name: of the file, without its suffix.
        inputs: their names, and the dimension of each that is free.
        outputs: likewise; one called ``embedding`` where there are none.
        example: an input each.
    """
    network = kind(**ARCHITECTURE).eval()
    for layer in network.modules():
        if isinstance(layer, Conv1d) and layer.kernel_size == 1:
            layer.padding = "valid"  # "same" pads with nothing, in five nodes
    weights = dict(network.state_dict())

    class Given(torch.nn.Module):
        """The network with its weights as inputs, which nothing can fold into constants."""

        def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
            for tensor, value in zip(weights, values[len(example) :], strict=True):
                owner, _, attribute = tensor.rpartition(".")
                layer = network.get_submodule(owner)
                layer._parameters.pop(attribute, None)
                layer._buffers[attribute] = value
            return network(*values[: len(example)])

    path = GRAPHS / f"{name}.onnx"
    torch.onnx.export(
        Given(),
        (*example, *weights.values()),
        path,
        input_names=[*inputs, *weights],
        output_names=list(outputs) or ["embedding"],
        dynamic_axes={key: {free: f"{key}_{free}"} for key, free in (inputs | outputs).items()},
        opset_version=OPSET,
        dynamo=False,
    )
    path.write_bytes(_without_weights(onnx.load(path), len(example)))


def _without_weights(model: onnx.ModelProto, inputs: int) -> bytes:
    """The graph with what follows its inputs as initializers to be had elsewhere."""
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    for value in graph.input[inputs:]:
        if value.name in used:
            shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
            weight = graph.initializer.add(name=value.name, dims=shape)
            weight.data_type = value.type.tensor_type.elem_type
            weight.data_location = onnx.TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="checkpoint")
    del graph.input[inputs:]
    for node in graph.node:
        node.ClearField("doc_string")
    return model.SerializeToString(deterministic=True)


def _normalize(layer: BatchNorm1d, values: torch.Tensor) -> torch.Tensor:
    """Batch normalisation of [N, C]."""
    norm = layer.norm
    return functional.batch_norm(
        values, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )


if __name__ == "__main__":
    main()
