// Questions to begin with: each is a link to the state of this page that answers it.

import { goToPart } from "./anchor.js";
import { element } from "./dom.js";
import { viewOfPage } from "./view_state.js";

export class Figure {
  constructor(place) {
    this.place = place;
  }

  // data: {questions: [{words, look, part: anchor of the section, state, address}]}
  open({ questions }) {
    if (this.opened) return;
    this.opened = true;
    this.place.querySelector("ul").replaceChildren(...questions.map((question) => element("li", {}, this.link(question))));
  }

  link({ words, look, part, state, address }) {
    const link = element("a", { href: address }, element("b", {}, words), element("span", {}, look));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // a new tab is wanted
      event.preventDefault();
      viewOfPage().replace(state);
      const header = goToPart(part);
      if (!header) return;
      header.tabIndex = -1; // whoever reads by keyboard goes there, too
      header.focus({ preventScroll: true });
    });
    return link;
  }

  close() {}
}
