"""From torch to ONNX: what the graphs of svc_core/light are made of, and how they are written."""
