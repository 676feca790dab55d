"""ECAPA's frame-level layers with most of their products in eight bits.

A layer's inputs are quantised by their range in the stretch that is heard, in one scale (ONNX
Runtime's DynamicQuantizeMatMul), its weights by that of each output when the network is opened.
"""
