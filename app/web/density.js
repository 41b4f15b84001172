// Where the points of a map lie densely: a Gaussian kernel estimate, as lines that hold a share of it inside.

const CELLS = 64; // of the grid along each axis: some ten to the width of a kernel, in a walk of a thousand steps
const REACH = 3.5; // of a kernel's standard deviations, round the outermost points
const FARTHEST = -16; // a kernel's exponent beyond which it adds less than a millionth of its height
const NOWHERE = 1e-12; // of the product of the variances: points on one straight line have no area

// The density at any place, {at(x, y), spread}; Scott's rule (1992) gives the kernel the points' own covariance, made
// n^(-1/6) as wide; `spread` is its standard deviation along each axis. Null where the points span no area.
export function densityOf({ x, y }) {
  const n = x.length;
  const [meanX, meanY] = [x, y].map((axis) => axis.reduce((sum, value) => sum + value, 0) / n);
  const covariance = (one, from, other, to) => one.reduce((sum, value, i) => sum + (value - from) * (other[i] - to), 0) / (n - 1);
  const narrow = n ** (-1 / 3);
  const [xx, yy, xy] = [covariance(x, meanX, x, meanX), covariance(y, meanY, y, meanY), covariance(x, meanX, y, meanY)].map((value) => value * narrow);
  const area = xx * yy - xy * xy;
  if (!(area > NOWHERE * xx * yy)) return null;
  const [a, b, c] = [yy / area / 2, xy / area, xx / area / 2]; // the exponent: a dx² − b dx dy + c dy²
  const height = 1 / (n * 2 * Math.PI * Math.sqrt(area));
  const at = (px, py) => {
    let sum = 0;
    for (let i = 0; i < n; i += 1) {
      const dx = px - x[i];
      const dy = py - y[i];
      const power = b * dx * dy - a * dx * dx - c * dy * dy;
      if (power > FARTHEST) sum += Math.exp(power);
    }
    return height * sum;
  };
  return { at, spread: [Math.sqrt(xx), Math.sqrt(yy)] };
}

// For each share the level of the smallest region that holds that share of the density's mass, and its line: [{share,
// level, loops}], each loop a closed row of [x, y]. Nothing where there is no density.
export function contoursOf(points, shares) {
  const density = densityOf(points);
  if (density === null) return [];
  const { x, y } = points;
  const [columns, rows] = [x, y].map((axis, k) => {
    const [low, high] = [Math.min(...axis) - REACH * density.spread[k], Math.max(...axis) + REACH * density.spread[k]];
    return Float64Array.from({ length: CELLS + 1 }, (_, i) => low + ((high - low) * i) / CELLS);
  });
  const rim = (i) => i === 0 || i === CELLS; // nothing lies there: every line closes
  const grid = new Float64Array((CELLS + 1) ** 2);
  rows.forEach((row, j) => columns.forEach((column, i) => { grid[j * (CELLS + 1) + i] = rim(i) || rim(j) ? 0 : density.at(column, row); }));
  const heights = grid.slice().sort().reverse();
  const mass = heights.reduce((sum, height) => sum + height, 0);
  return shares.map((share) => {
    let held = 0;
    const level = heights.find((height) => (held += height) >= share * mass);
    return { share, level, loops: loopsAt(grid, columns, rows, level) };
  });
}

// Marching squares: where a line of that height crosses the grid's edges, joined cell by cell to closed loops.
export function loopsAt(grid, columns, rows, level) {
  const width = columns.length;
  const links = new Map(); // edge -> the edges to which the line goes on; an edge is 2 × its first corner, + 1 if upright
  const link = (one, other) => [[one, other], [other, one]].forEach(([from, to]) => links.set(from, [...(links.get(from) ?? []), to]));
  const above = (corner) => grid[corner] >= level;
  for (let j = 0; j < rows.length - 1; j += 1) {
    for (let i = 0; i < width - 1; i += 1) {
      const corner = j * width + i;
      const [low, right, high, left] = [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + width), 2 * corner + 1];
      const [a, b, c, d] = [corner, corner + 1, corner + width + 1, corner + width].map(above); // round the cell
      const crossed = [[low, a !== b], [right, b !== c], [high, c !== d], [left, d !== a]].filter(([, is]) => is).map(([edge]) => edge);
      if (crossed.length === 2) link(...crossed);
      if (crossed.length < 4) continue;
      const middle = (grid[corner] + grid[corner + 1] + grid[corner + width] + grid[corner + width + 1]) / 4 >= level;
      for (const pair of middle === a ? [[low, right], [high, left]] : [[low, left], [right, high]]) link(...pair);
    }
  }
  const point = (edge) => {
    const from = edge >> 1;
    const to = edge % 2 ? from + width : from + 1;
    const share = (level - grid[from]) / (grid[to] - grid[from]);
    const between = (axis, one, other) => axis[one] + share * (axis[other] - axis[one]);
    return [between(columns, from % width, to % width), between(rows, Math.floor(from / width), Math.floor(to / width))];
  };
  const loops = [];
  while (links.size > 0) {
    const loop = [];
    let [edge] = links.keys();
    while (links.has(edge)) {
      loop.push(point(edge));
      const next = links.get(edge).find((other) => links.has(other));
      links.delete(edge);
      edge = next;
    }
    loops.push(loop);
  }
  return loops;
}
