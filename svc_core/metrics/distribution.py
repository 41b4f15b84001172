"""Do many conversions, taken together, sound like real singing? Distances of two sets of embeddings.

Both take a set of embeddings of real sound (the reference, n rows) and one of the conversions (the
estimate, m rows); the value depends on the embedding, so the embedding is named in the result.

FAD (Frechet audio distance; Kilgour et al. 2019, arXiv 1812.08466)
    Both sets are taken for Gaussians N(mu, S), and the Frechet distance of these is::

        FAD = |mu_1 - mu_2|^2 + tr S_1 + tr S_2 - 2 tr (S_1 S_2)^(1/2)

    It is *biased*: finite sets of the same distribution lie a positive distance apart, the more so the
    smaller they are and the more dimensions there are. Compare only sets of the same size.
KAD (kernel audio distance; Chung et al. 2025, arXiv 2502.15602)
    No Gaussians: the unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012,
    JMLR 13, eq. 3) with k(x, y) = exp(-|x - y|^2 / (2 s^2)), times 100::

        KAD = 100 (mean k(x, x') over pairs of the reference + mean k(y, y') over pairs of the estimate
                   - 2 mean k(x, y))

    s is the median distance between two rows of the *reference*, so that a value means the same for
    every system measured against it, and swapping the sets changes it. Unbiased means that it
    scatters around 0 for sets of one distribution: small sets give negative values, and these are no
    error. (The authors' kadtk takes the lower of two middle values for the median; here their mean.)

tr (S_1 S_2)^(1/2) needs no matrix root. With the centred rows over sqrt(n - 1) as A, S = A'A, and the
trace is the sum of the singular values of A_1 A_2'. That is real, never negative, and does not mind
covariances without full rank, which all sets with n <= dimension have; the usual root of the product
(scipy.linalg.sqrtm) then turns complex, and code adds an epsilon to the diagonal that is felt.

Pitfalls
--------
* No value means anything alone. Measured with Resemblyzer's windows: two halves of one singer's
  recordings lie FAD .23, KAD 1.7 apart with 5 recordings each, and FAD .15, KAD 0.4 with 10; another
  singer's lie FAD .68, KAD 26 and FAD .56, KAD 22 away. Give such a floor and ceiling of your own.
* A figure for one clip, or for one step of the sampler of one clip, says nothing: it needs many clips.
* Resemblyzer's embedding knows who sings rather than how clean it sounds. Published FADs use VGGish
  and the like, of another scale; no two embeddings' values compare.
* Windows of one clip resemble one another: n windows weigh less than n clips, so both are stated.
* The reference is a mixture of singers, and so is the set of conversions; unequal shares of the
  singers alone make a distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist

from svc_core.metrics.alignment import MetricError

KAD_SCALE = 100.0  # the authors', for readable numbers


@dataclass(frozen=True)
class SetDistance:
    """A distance of two sets, and what it stands on."""

    name: str  # FAD or KAD
    value: float
    embedding: str
    dimension: int
    reference_rows: int
    reference_clips: int  # that the rows are windows of
    estimate_rows: int
    estimate_clips: int
    warning: str  # empty, or one sentence


def set_distances(
    reference: np.ndarray, reference_clips: int, estimate: np.ndarray, estimate_clips: int, embedding: str
) -> tuple[SetDistance, SetDistance]:
    """FAD and KAD of two sets of embeddings (row, dimension), with their sizes and a warning where these are small."""
    reference, estimate = _checked(reference, estimate)
    dimension, smaller = reference.shape[1], min(len(reference), len(estimate))
    biased = (
        f"{smaller} rows of {dimension} dimensions: FAD is biased upwards; compare it with sets of this size alone."
        if smaller <= dimension
        else ""
    )
    sizes = (embedding, dimension, len(reference), reference_clips, len(estimate), estimate_clips)
    return (
        SetDistance("FAD", frechet_distance(reference, estimate), *sizes, biased),
        SetDistance("KAD", kernel_distance(reference, estimate), *sizes, ""),
    )


def frechet_distance(reference: np.ndarray, estimate: np.ndarray) -> float:
    """FAD of two sets of embeddings (n, dimension), (m, dimension).

    Raises MetricError for fewer than two rows, NaN, or different dimensions.
    """
    reference, estimate = _checked(reference, estimate)
    means = reference.mean(axis=0) - estimate.mean(axis=0)
    roots = [_covariance_root(rows) for rows in (reference, estimate)]
    traces = sum(float((root**2).sum()) for root in roots)
    shared = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    return max(float(means @ means + traces - 2 * shared), 0.0)  # rounding may leave -1e-16


def _covariance_root(rows: np.ndarray) -> np.ndarray:
    """R with R'R the covariance of ``rows`` (n, d), of min(n, d) rows: the triangle of a QR decomposition."""
    scaled = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
    return np.linalg.qr(scaled, mode="r")  # type: ignore[return-value]  # numpy's stubs: Q and R, whatever the mode


def kernel_distance(reference: np.ndarray, estimate: np.ndarray) -> float:
    """KAD of two sets of embeddings (n, dimension), (m, dimension); may be negative.

    Raises MetricError as frechet_distance does, and where most of the reference's rows are the same.
    """
    reference, estimate = _checked(reference, estimate)
    within = pdist(reference)
    bandwidth = float(np.median(within))
    if bandwidth == 0:
        raise MetricError("most rows of the reference are the same, so KAD has no scale; give different recordings.")

    def mean_kernel(distances: np.ndarray) -> float:
        return float(np.exp(-(distances**2) / (2 * bandwidth**2)).mean())

    between = mean_kernel(cdist(reference, estimate))
    return KAD_SCALE * (mean_kernel(within) + mean_kernel(pdist(estimate)) - 2 * between)


def _checked(reference: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sets = (np.asarray(reference, dtype=float), np.asarray(estimate, dtype=float))
    for name, rows in zip(("reference", "estimate"), sets, strict=True):
        if rows.ndim != 2 or len(rows) < 2:
            raise MetricError(f"the set of the {name} has shape {rows.shape}; a distance needs at least two rows.")
        if not np.isfinite(rows).all():
            raise MetricError(f"the set of the {name} holds values that are not numbers; embed it again.")
    if sets[0].shape[1] != sets[1].shape[1]:
        raise MetricError(
            f"embeddings of {sets[0].shape[1]} and of {sets[1].shape[1]} dimensions; use one encoder for both."
        )
    return sets
