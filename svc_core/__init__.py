"""SingSteps' engine: singing voice conversion that can be watched.

The folders stand in the order in which sound becomes a picture::

    corpora/    recordings on disk            -> one table of singers and phrases
    sound/      a recording                   -> mel, F0, loudness and content on one time grid
    phones/     those features and labels     -> content that says what is sung, and not who sings
    model/      features and a singer         -> a draft mel, and a network that refines it
    diffusion/  noise schedules and samplers    (they know nothing of singing)
    training/   a corpus's features           -> the model's weights
    vocoders/   a mel                         -> sound
    conversion/ a phrase and a singer         -> a conversion, every step of it watched
    metrics/    a conversion and its source   -> how good it is, one side at a time
    traces/     what the sampler did          -> files that a page can replay without the network
    exporting/  student and vocoder           -> ONNX graphs
    light/      those graphs, without torch   -> a conversion
    own/        a visitor's recording         -> what is odd about it, and its conversions

The modules beside the folders are commands, such as ``python -m svc_core.train`` and
``python -m svc_core.precompute``, and what all of these share (config, options, workers, whole).
Imports run one way, from the commands down; only ``traces`` (NumPy alone) is meant for the page.
"""
