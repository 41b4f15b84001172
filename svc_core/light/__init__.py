"""Conversion without torch: the one-step student and its vocoder as ONNX files, the rest in NumPy.

python -m svc_core.export_onnx writes the files. Nothing here imports torch, nor does anything that it imports.
"""
