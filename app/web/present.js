// What a page shows at this moment: one conversion and one place on its walk. Figures of one group share it,
// so a step in one of them is drawn in all of them within the same event.

const groups = new Map();

export const presentOf = (group) => {
  if (!groups.has(group)) groups.set(group, new Present());
  return groups.get(group);
};

// `open(id)` is called for whatever conversion the group presents, now and whenever it is another; for figures that are
// not told which. It is given back a function that ends that.
export function followConversion(group, open) {
  let shown = null;
  return presentOf(group).watch(({ conversion: { id } }) => {
    if (id !== shown) open((shown = id));
  });
}

class Present {
  constructor() {
    this.conversion = null;
    this.place = 0; // 0 is the noisiest
    this.watchers = new Set();
  }

  // `draw({conversion, place})` is called now, if there is something to draw, and at every change.
  // It is given back a function that ends that.
  watch(draw) {
    this.watchers.add(draw);
    if (this.conversion) draw(this);
    return () => this.watchers.delete(draw);
  }

  show(conversion, place, since) {
    this.conversion = conversion;
    this.go(place, since);
  }

  // `since`: time stamp of what asked for it. Every change leaves a measure named "scrub", of all that was drawn.
  go(place, since = performance.now()) {
    if (!this.conversion) return;
    this.place = Math.min(Math.max(Math.round(place), 0), this.conversion.last);
    for (const draw of this.watchers) draw(this);
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  // Whether that very conversion is shown; it may have been loaded twice.
  isOf(conversion) {
    return this.conversion !== null && this.conversion.id === conversion.id;
  }

  // Forgets the conversion when the figure that brought it leaves the page.
  clear(conversion) {
    if (this.conversion === conversion) this.conversion = null;
  }
}
