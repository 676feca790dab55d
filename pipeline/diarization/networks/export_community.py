"""Write the graphs of community-1's networks, without weights.

For whoever changes what the graphs compute, in the environment that has pyannote.audio:

    uv run --active --no-sync --with onnx python -m pipeline.diarization.networks.export_community

Who runs the graphs needs none of it.  Nothing is folded, so that the weights keep the names that
they have in the checkpoint: norms stay beside their convolutions, the gates of the LSTM in torch's
order, SincNet's filters what their bands make of them.  ONNX Runtime folds all this once
:func:`~.sessions.open_graph` has filled in the weights.
"""

import io

import onnx
import torch
from asteroid_filterbanks import Encoder
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet
from torch.nn.functional import conv1d

from pipeline.diarization.networks.community_torch import pyannet
from pipeline.diarization.networks.kaldi_features import BANDS
from pipeline.diarization.networks.sessions import GRAPHS
from pipeline.diarization.windows import WINDOW

OPSET = 17


class SincConvolution(torch.nn.Module):
    """SincNet's first layer; what asteroid does around it for odd shapes is not needed here."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.filterbank = encoder.filterbank

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return conv1d(samples, self.filterbank.filters(), stride=self.filterbank.stride)


class FrameLevel(torch.nn.Module):
    """A WeSpeaker's layers before the pooling, on features [1, T, 80]."""

    def __init__(self, network: WeSpeakerResNet34) -> None:
        super().__init__()
        self.resnet = network.resnet

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.resnet.forward_frames(features)


def main() -> None:
    """Write both graphs into the package."""
    export(
        _exportable_pyannet(),
        "pyannet",
        torch.zeros(2, 1, WINDOW),
        {"windows": {0: "batch"}},
        {"scores": {0: "batch"}},
    )
    export(
        FrameLevel(WeSpeakerResNet34()),
        "wespeaker",
        torch.zeros(1, 1000, BANDS),
        {"features": {1: "frames"}},
        {"layers": {3: "eighths"}},
    )


def _exportable_pyannet() -> PyanNet:
    """With a first layer whose filters are computed from its tensors in the graph."""
    network = pyannet()
    network.sincnet.conv1d[0] = SincConvolution(network.sincnet.conv1d[0])
    return network


def export(
    network: torch.nn.Module,
    name: str,
    example: torch.Tensor,
    given: dict[str, dict[int, str]],
    answer: dict[str, dict[int, str]],
) -> None:
    """Trace a network and write its graph.

    Args:
        network: with any weights.
        name: of the file, without its suffix.
        example: an input.
        given: the name of the input, and a name for each of its dimensions that is free.
        answer: the same of the output.
    """
    exported = io.BytesIO()
    torch.onnx.export(
        network.eval(),
        (example,),
        exported,
        dynamo=False,
        export_params=False,
        keep_initializers_as_inputs=True,
        do_constant_folding=False,
        # In evaluation mode the exporter folds norms into convolutions and renames both.
        training=torch.onnx.TrainingMode.PRESERVE,
        opset_version=OPSET,
        input_names=list(given),
        output_names=list(answer),
        dynamic_axes=given | answer,
    )
    model = onnx.load_from_string(exported.getvalue())
    _leave_out_weights(model.graph, set(given))
    (GRAPHS / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def _leave_out_weights(graph: onnx.GraphProto, given: set[str]) -> None:
    """Make of the other inputs initializers that are to be had elsewhere."""
    for weight in [each for each in graph.input if each.name not in given]:
        graph.input.remove(weight)
        kind = weight.type.tensor_type
        graph.initializer.add(
            name=weight.name,
            data_type=kind.elem_type,
            dims=[dimension.dim_value for dimension in kind.shape.dim],
            data_location=onnx.TensorProto.EXTERNAL,
            external_data=[onnx.StringStringEntryProto(key="location", value="checkpoint")],
        )
    for node in graph.node:
        node.ClearField("doc_string")


if __name__ == "__main__":
    main()
