// Figures that look inside whatever conversion is chosen: where none is, one sentence stands in their place.

import { comparedIds } from "./compared.js";
import { followConversion } from "./present.js";
import { roomOf } from "./room.js";
import { viewOfPage } from "./view_state.js";

// `open(id)` is called for each conversion that the group presents. It is given back a function that ends that.
export function followChosen(place, group, open) {
  const view = viewOfPage();
  const room = roomOf(place);
  const tell = () => {
    const none = comparedIds(view).length === 0;
    place.classList.toggle("is-unchosen", none);
    if (room) room.style.minHeight = none ? "0" : "";
  };
  tell();
  const endings = [view.watch(["compare"], tell), followConversion(group, open)];
  return () => endings.forEach((end) => end());
}
