"""How well a conversion did, in figures that can be compared.

A conversion keeps some things of the source and takes others from the target singer; each figure
looks at one of them, and none at all of them:

=============  ==================================================  ============  ==========
module         figures                                             compared with  better is
=============  ==================================================  ============  ==========
melody         F0RMSE (cents), F0CORR, RPA, RCA, VR, VFA           the source    low; high
spectrum       MCD (dB), log-mel L1 (dB), loudness RMSE (dB)       the source    low
singer         cosine similarity, nearest singer                   both singers  see there
distribution   FAD, KAD: two sets of clips                         real singing  low
content        phone agreement, phone error rate                   the source    high; low
=============  ==================================================  ============  ==========

Conventions, the same in all of them. The source is the *reference*, the conversion the *estimate*.
Both lie on the one time grid, so frame i of one is compared with frame i of the other: nothing is
warped in time, and lengths may differ by one frame at most (see alignment). Units are in the names.
A figure that is not defined, as a correlation of a constant, is NaN and not some worst value; what
cannot be measured at all raises MetricError. Every result carries how many frames, clips or singers
it stands on, and the name of the recogniser, embedding or tracker of F0 that it depends on (see tracker).

Few of these follow what listeners say: in the Singing Voice Conversion Challenge 2023 (Huang et al.
2023, arXiv 2306.14422) the objective figures agreed only partly with the listening test. They find
what is broken; they do not tell which of two good conversions is the better one.
"""
