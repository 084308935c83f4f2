"""ONNX: a spiking actor's step and decision, and a dense actor, run with onnxruntime."""
