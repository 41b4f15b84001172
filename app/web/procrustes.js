// Orthogonal Procrustes (Schönemann 1966): the turn, mirroring allowed, that lays one cloud of points onto another as
// well as a turn can. A cloud is an array of axes, each an array of numbers, point after point.

const MOST_SWEEPS = 40; // a dozen are enough for 48 columns
const ORTHOGONAL = 1e-15; // cosine of two columns that need no more turning
const NOTHING = 1e-13; // of the largest singular value: what is smaller is rounding

const dot = (one, other) => {
  let sum = 0;
  for (let i = 0; i < one.length; i += 1) sum += one[i] * other[i];
  return sum;
};

// Singular values of a square matrix, given as columns, by one-sided Jacobi rotations (Hestenes 1958): pairs of columns
// are turned until all are orthogonal; their lengths are the values. {left, sizes, right}: columns, the largest first.
export function decompose(columns) {
  const turned = columns.map((column) => Float64Array.from(column));
  const turns = columns.map((_, i) => Float64Array.from(columns, (_, j) => (i === j ? 1 : 0)));
  const rotate = (all, p, q, cos, sin) => {
    const [one, other] = [all[p], all[q]];
    for (let i = 0; i < one.length; i += 1) {
      const [a, b] = [one[i], other[i]];
      one[i] = cos * a - sin * b;
      other[i] = sin * a + cos * b;
    }
  };
  for (let sweep = 0, still = false; sweep < MOST_SWEEPS && !still; sweep += 1) {
    still = true;
    for (let p = 0; p < turned.length - 1; p += 1) {
      for (let q = p + 1; q < turned.length; q += 1) {
        const [pp, qq, pq] = [dot(turned[p], turned[p]), dot(turned[q], turned[q]), dot(turned[p], turned[q])];
        if (pq === 0 || Math.abs(pq) <= ORTHOGONAL * Math.sqrt(pp) * Math.sqrt(qq)) continue;
        still = false;
        const half = (qq - pp) / (2 * pq);
        const tan = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.hypot(1, half));
        const cos = 1 / Math.hypot(1, tan);
        rotate(turned, p, q, cos, cos * tan);
        rotate(turns, p, q, cos, cos * tan);
      }
    }
  }
  const lengths = turned.map((column) => Math.sqrt(dot(column, column)));
  const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]);
  const sizes = order.map((k) => lengths[k]);
  const left = completed(order.map((k) => turned[k]), sizes);
  return { left, sizes, right: order.map((k) => turns[k]) };
}

// Columns of length 1; those that are nothing become any that are orthogonal to the others.
function completed(columns, sizes) {
  const done = [];
  let axis = 0;
  for (const [k, column] of columns.entries()) {
    if (sizes[k] > NOTHING * sizes[0]) done.push(column.map((value) => value / sizes[k]));
    for (; done.length === k && axis < column.length; axis += 1) {
      const spare = column.map((_, i) => (i === axis ? 1 : 0));
      for (const pass of [1, 2]) { // a second time for what rounding left
        for (const other of done) {
          const share = dot(spare, other);
          for (let i = 0; i < spare.length; i += 1) spare[i] -= share * other[i];
        }
        const length = Math.sqrt(dot(spare, spare));
        if (length < 0.5 / Math.sqrt(column.length)) break; // nearly all of it was there before
        for (let i = 0; i < spare.length; i += 1) spare[i] /= length;
        if (pass === 2) done.push(spare);
      }
    }
  }
  return done;
}

const mean = (axis) => axis.reduce((sum, value) => sum + value, 0) / axis.length;

function centred(cloud) {
  const middle = cloud.map(mean);
  return [middle, cloud.map((axis, i) => Float64Array.from(axis, (value) => value - middle[i]))];
}

// One new axis: the old ones, less their middles, by their weights, and where it begins.
function combined(axes, middle, weights, begin) {
  const made = new Float64Array(axes[0].length).fill(begin);
  axes.forEach((axis, i) => {
    for (let p = 0; p < made.length; p += 1) made[p] += (axis[p] - middle[i]) * weights[i];
  });
  return made;
}

// How `cloud` comes to lie on `target`, point on point: turned about its middle, with `scaled` made larger or smaller too.
// `apply(cloud)` does the same to any points; `left` is the share of the target's variance that it does not explain.
export function fit(target, cloud, scaled = false) {
  const size = Math.max(target.length, cloud.length);
  const [goal, wanted] = centred(target);
  const [middle, given] = centred(cloud);
  const products = Array.from({ length: size }, (_, j) => {
    return Float64Array.from({ length: size }, (_, i) => (i < given.length && j < wanted.length ? dot(given[i], wanted[j]) : 0));
  });
  const { left, sizes, right } = decompose(products);
  const turn = given.map((_, i) => wanted.map((_, j) => left.reduce((sum, column, k) => sum + column[i] * right[k][j], 0)));
  const energy = (axes) => axes.reduce((sum, axis) => sum + dot(axis, axis), 0);
  const [all, own] = [energy(wanted), energy(given)];
  const agreed = sizes.reduce((sum, value) => sum + value, 0);
  const scale = scaled && own > 0 ? agreed / own : 1;
  const apply = (axes) => wanted.map((_, j) => combined(axes, middle, turn.map((row) => scale * row[j]), goal[j]));
  return { turn, scale, apply, left: Math.max(0, all - 2 * scale * agreed + scale ** 2 * own) / all };
}

// The two principal axes of a cloud. `flatten(points)`: its shadow on them, seen from the cloud's middle.
export function planeOf(cloud) {
  const [middle, axes] = centred(cloud);
  const { left } = decompose(axes.map((one) => axes.map((other) => dot(one, other))));
  return (points) => left.slice(0, 2).map((direction) => combined(points, middle, direction, 0));
}
