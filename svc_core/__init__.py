"""SingSteps' engine: singing voice conversion that can be watched.

The folders stand in the order in which sound becomes a picture::

    corpora/    recordings on disk            -> one table of singers and phrases
    sound/      a recording                   -> mel, F0, loudness and content on one time grid
    model/      those features and a singer   -> a draft mel, and a network that refines it
    diffusion/  noise schedules and samplers    (they know nothing of singing)
    traces/     what the sampler did          -> files that a page can replay without the network
    exporting/  student and vocoder           -> ONNX graphs
    light/      those graphs, without torch   -> a conversion
    own/        a visitor's recording         -> what is odd about it, and its conversions

The modules beside the folders are commands: ``python -m svc_core.train`` and
``python -m svc_core.precompute``. Imports run one way, from the commands down; only ``traces``
(NumPy alone) is meant for the page.
"""
