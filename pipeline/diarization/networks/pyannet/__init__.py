"""pyannote's segmentation-3.0, whose weights are an ONNX file, in torch: for CUDA."""
