// The sixth part: the same conversion by the teacher, every step of it kept, for the page's scrubber to show.

import { element, rich } from "./dom.js";
import { shiftOf } from "./own_voices.js";
import { Waiting } from "./own_waiting.js";

export class Watching {
  // `made`: the conversions that there are; `onwatch({target, key_shift})`.
  constructor(part, made, onwatch) {
    this.made = made;
    this.find = (selector) => part.querySelector(selector);
    this.waiting = new Waiting(this.find(".wait"));
    this.find(".steps").addEventListener("click", () => onwatch({ target: this.entry.target, key_shift: this.entry.key_shift }));
  }

  open(canWatch) {
    this.canWatch = canWatch;
    this.find(".steps").hidden = !canWatch;
    if (!canWatch) {
      this.find(".told").replaceChildren(...rich("The [teacher](glossary#teacher) takes forty steps, and needs PyTorch for it, which this server does not have. [Taking noise away](denoising) shows forty and a thousand steps of other conversions."));
    }
  }

  // `entry`: the conversion that is looked at. Returns the id of the trace of its steps, null where there is none.
  show(entry) {
    this.entry = entry;
    if (!this.canWatch) return null;
    const who = `${this.made.labelOf(entry.target)}, ${shiftOf(entry.key_shift)} semitones`;
    const deep = this.made.has(entry.target, "teacher");
    const isThere = Boolean(deep?.trace) && deep.key_shift === entry.key_shift;
    this.find(".steps").hidden = isThere;
    this.find(".done").replaceChildren(...(isThere ? [element("strong", {}, "Its steps are below: "), `${who}, from pure noise to your song. Drag the slider, and listen on the way.`] : []));
    this.find(".told").replaceChildren(...(isThere ? [] : rich(`What you heard was made by the [student](glossary#student) in a single step. The [teacher](glossary#teacher) takes forty, and each can be looked at and listened to: ${who}.`)));
    return isThere ? deep.trace.id : null;
  }

  empty() {
    this.find(".done").replaceChildren();
  }

  close() {
    this.waiting.cancel();
  }
}
