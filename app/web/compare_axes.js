// What of the second conversion is chosen: one or more axes, each a row of buttons or of on/off switches.

import { element, rich } from "./dom.js";

const ABSENT = "This conversion is not among those listed here.";

export class Axes {
  // `axes`: [{label, switches: bool, values: [{value, label}]}], the first value of each being what is usual;
  // `others`: [{at: [a value of each axis], ...}]; `onchoice(other)`: the reader wants that one.
  constructor(place, axes, others, onchoice) {
    this.place = place;
    this.axes = axes;
    this.others = others;
    this.onchoice = onchoice;
    this.buttons = [];
    place.replaceChildren(...this.groups());
  }

  // Switches that follow one another share one group.
  groups() {
    const groups = [];
    for (const [index, axis] of this.axes.entries()) {
      const joins = axis.switches && groups.at(-1)?.switches && !axis.label;
      const group = joins ? groups.at(-1) : { switches: axis.switches, label: axis.label, nodes: [] };
      if (!joins) groups.push(group);
      group.nodes.push(...(axis.switches ? [this.makeSwitch(index, axis)] : axis.values.map((value) => this.makeButton(index, value))));
    }
    return groups.map(({ switches, label, nodes }) => element("fieldset", { class: switches ? "axis switches" : "axis" },
      ...(label ? [element("legend", {}, ...rich(label))] : []), ...nodes));
  }

  makeSwitch(index, { values: [usual, changed] }) {
    const button = element("button", { type: "button", class: "switch", role: "switch", "data-value": changed.value }, usual.label);
    this.prepare(button, index, () => (this.at[index] === usual.value ? changed.value : usual.value), changed.value);
    return button;
  }

  makeButton(index, { value, label }) {
    const button = element("button", { type: "button", "data-value": value }, label);
    this.prepare(button, index, () => value, value);
    return button;
  }

  prepare(button, index, wish, value) {
    const there = this.others.some(({ at }) => at[index] === value);
    button.disabled = !there;
    if (!there) button.title = ABSENT;
    button.addEventListener("click", () => this.wish(index, wish()));
    this.buttons.push({ button, index, value });
  }

  // One axis is changed. Where there is no such combination, the other axes go back to what is usual, or to what there is.
  wish(index, value) {
    const wanted = this.at.with(index, value);
    const usual = this.axes.map(({ values }, i) => (i === index ? value : values[0].value));
    const found = this.find(wanted) ?? this.find(usual) ?? this.others.find(({ at }) => at[index] === value);
    if (found) this.onchoice(found);
  }

  find(wanted) {
    return this.others.find(({ at }) => at.every((value, i) => value === wanted[i]));
  }

  show({ at }) {
    this.at = at;
    for (const { button, index, value } of this.buttons) {
      const chosen = at[index] === value;
      if (this.axes[index].switches) button.setAttribute("aria-checked", String(!chosen)); // a switch that is on is the usual
      else button.setAttribute("aria-pressed", String(chosen));
    }
  }
}
