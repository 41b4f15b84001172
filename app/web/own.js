// One's own voice: sung, cut, seen, converted, heard and watched. This file joins the parts; each has one of its own.

import { bringIntoSight, tellProblem } from "./dom.js";
import { Made } from "./own_made.js";
import { Singing } from "./own_record.js";
import { Seen } from "./own_seen.js";
import { able, ServerProblem, Take } from "./own_server.js";
import { Trimming } from "./own_trim.js";
import { Voices } from "./own_voices.js";
import { Watching } from "./own_watch.js";
import { giveRoomBack } from "./room.js";

export class Figure {
  constructor(place) {
    this.place = place;
    this.part = (name) => place.querySelector(`[data-part="${name}"]`);
    this.singing = new Singing(this.part("sing"), (...heard) => this.hear(...heard), () => this.startAnew());
    this.trimming = new Trimming(this.part("trim"), (blob) => this.send(blob));
    this.seen = new Seen(this.part("seen"));
    this.voices = new Voices(this.part("voices"), (asked) => this.convert({ ...asked, method: "student" }, this.voices.waiting));
    this.made = new Made(this.part("made"), (entry) => this.look(entry));
    this.watching = new Watching(this.part("watch"), this.made, (asked) => this.convert({ ...asked, method: "teacher" }, this.watching.waiting));
    this.take = null;
    this.told = null; // the trace that the page shows below
  }

  // data: see app/own/page.py. `tell(name, value)` has the page show what was made, in the lessons' own scrubber.
  open(data, tell = () => {}) {
    this.tell = tell;
    if (this.data) return;
    this.data = data;
    for (const part of [this.singing, this.voices, this.made]) part.open(data);
    this.mark("sing");
    this.ask();
  }

  // What this server can do.
  async ask() {
    try {
      const { methods, install } = await able();
      this.watching.open(methods.includes("teacher"));
      if (methods.length === 0) this.refuse(install);
    } catch (error) {
      this.explain("sing", error);
    }
    this.place.dataset.ready = "";
  }

  refuse(install) {
    this.place.querySelector(".unable").hidden = false;
    this.place.querySelector(".unable code").textContent = install;
    this.part("sing").hidden = this.place.querySelector(".way").hidden = true;
    giveRoomBack(this.place);
  }

  // --- a recording

  hear(sound, file, example) {
    this.startAnew();
    this.example = example ?? null;
    this.trimming.show(sound, file, this.data);
    this.reveal("trim");
  }

  // Whatever came of an earlier recording goes, here and on the server.
  startAnew() {
    this.trimming.waiting.cancel();
    for (const name of ["trim", "seen", "voices", "watch"]) this.part(name).hidden = true;
    this.forget();
    this.mark("sing");
  }

  forget() {
    this.voices.waiting.cancel();
    this.voices.sounds.stop();
    this.watching.waiting.cancel();
    this.made.empty();
    this.watching.empty();
    if (!this.take) return;
    this.take.forget();
    this.take = null;
    if (this.told !== null) this.tell("made", null);
    this.told = null;
  }

  async send(blob) {
    if (this.trimming.waiting.isOn) return;
    this.forget();
    for (const name of ["seen", "voices", "watch"]) this.part(name).hidden = true;
    tellProblem(this.part("trim"), "");
    let take = null;
    const begin = async () => {
      const sent = await Take.send(blob, this.example);
      take = sent.take;
      return sent.job;
    };
    try {
      const look = await this.trimming.waiting.run(begin, "Sending…");
      if (look === null) {
        take?.forget();
        return;
      }
      const [levels, f0] = await Promise.all([take.bytes("mel.bin"), take.bytes("f0.bin")]);
      this.take = take;
      this.show(look, new Uint8Array(levels), new Uint16Array(f0));
    } catch (error) {
      take?.forget();
      this.explain("trim", error);
    }
  }

  show(look, levels, f0) {
    const { grid, frames } = look;
    const voice = { grid, frames, levels, f0, scale: [look.db_per_level, look.floor_db] };
    this.part("seen").hidden = this.part("voices").hidden = false; // pictures are as wide as their places
    this.seen.show(voice, look);
    this.voices.show(look);
    this.made.begin(this.take, voice);
    this.reveal("seen");
  }

  // --- a conversion

  // `asked`: {method, target, key_shift}; `waiting`: where the reader is told how long it takes.
  async convert(asked, waiting) {
    if (waiting.isOn) return;
    const { take } = this;
    const name = asked.method === "student" ? "voices" : "watch";
    tellProblem(this.part(name), "");
    const stale = () => this.take !== take;
    let isRevealed = false;
    try {
      const result = await waiting.run(() => take.convert({ ...asked, seed: 0 }), "Asking…", ({ early }) => {
        if (!early || isRevealed || stale() || asked.method === "teacher") return; // who wants to watch looks elsewhere
        isRevealed = true;
        this.made.announce(asked, early);
        this.reveal("made");
      });
      if (stale()) return;
      if (result === null) {
        this.made.giveUp();
        return;
      }
      const [levels, f0] = await Promise.all([take.bytes(result.mel), take.bytes(result.f0)]);
      if (stale()) return;
      this.made.add(result, new Uint8Array(levels), new Uint16Array(f0));
      this.part("watch").hidden = false;
      if (!isRevealed) this.reveal(asked.method === "student" ? "made" : "watch");
    } catch (error) {
      if (stale()) return;
      this.made.giveUp();
      this.explain(name, error);
    }
  }

  // One of the conversions is looked at; where its steps are there, they are what the page shows.
  look(entry) {
    const trace = this.watching.show(entry);
    if (trace === null || trace === this.told) return;
    this.told = trace;
    this.tell("made", { take: this.take.key, trace });
  }

  // --- the page

  reveal(name) {
    const part = this.part(name);
    part.hidden = false;
    this.mark(name);
    bringIntoSight(part, part.clientHeight > 0.7 * window.innerHeight ? "start" : "nearest");
  }

  // Where the reader is on the way.
  mark(name) {
    for (const item of this.place.querySelectorAll(".way li")) {
      if (item.dataset.way === name) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    this.place.dataset.at = name;
  }

  // An error that the reader can do something about; others are the program's.
  explain(name, error) {
    if (!(error instanceof ServerProblem)) throw error;
    tellProblem(this.part(name), error.message);
    // it stands above the pictures, the button that was pressed below them
    bringIntoSight(this.part(name).querySelector(".problem"));
  }

  close() {
    this.tell = () => {}; // the page shows something else by now
    this.forget();
    for (const part of [this.singing, this.trimming, this.seen, this.voices, this.made, this.watching]) part.close();
  }
}
