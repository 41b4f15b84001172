// From the draft to the refined mel: the draft, the network's first look at noise, and what comes of one look and of
// forty. The draft is a picture of its own (svc_core/drafts.py); all else is in the conversions.

import { decodePictures } from "./coding.js";
import { openConversion } from "./conversion.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { unpackArray } from "./npy.js";
import { fillPanel, makeLegend, makePanel, waitIn } from "./panel.js";
import { SoundButtons } from "./sound.js";
import { TraceProblem } from "./trace.js";

const PANELS = [
  ["draft", "The draft", "from the conditions, no noise, no look"],
  ["first", "Teacher, after 1 look", "its guess from nothing but noise"],
  ["student", "Student, after 1 look", "its result"],
  ["refined", "Teacher, after 40 looks", "its result: the refined mel"],
];

// Root mean square of the difference of two pictures in levels, dB.
function distanceDb(one, other, dbPerLevel) {
  const sum = one.reduce((total, level, i) => total + (level - other[i]) ** 2, 0);
  return dbPerLevel * Math.sqrt(sum / one.length);
}

// Mean change from one frame to the next, dB: little in a smooth picture, more in a textured one.
function changeDb(levels, frames, dbPerLevel) {
  let sum = 0;
  for (let i = 1; i < levels.length; i += 1) if (i % frames !== 0) sum += Math.abs(levels[i] - levels[i - 1]);
  return (dbPerLevel * sum) / (levels.length - levels.length / frames);
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.panels = Object.fromEntries(PANELS.map(([name, title, about]) => {
      const panel = makePanel(name, title, about, `Mel spectrogram: ${title}, ${about}`);
      const button = element("button", { type: "button", "data-sound": name, "aria-label": `Listen: ${title}`, disabled: true }, "Listen");
      this.sounds.add(button, () => {
        tellDone(`heard ${name}`);
        return this.heard[name];
      }, (seconds) => panel.picture?.compose(seconds));
      panel.append(button, element("span", { class: "facts" }));
      waitIn(panel, "Loading…");
      return [name, { panel, button, facts: panel.querySelector(".facts") }];
    }));
    place.querySelector(".looks").append(...Object.values(this.panels).map(({ panel }) => panel));
    place.querySelector(".legend").append(makeLegend());
  }

  // data: {teacher, student: ids of their conversions, or null; roots; material}
  async open(data) {
    const wanted = JSON.stringify([data.teacher, data.student]);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.sounds.stop();
    this.say("");
    this.heard = {};
    const [teacher, student, draft] = await Promise.all([
      this.trying(() => openConversion(data.roots, data.teacher)),
      this.trying(() => openConversion(data.roots, data.student)),
      this.trying(() => openDraft(data)),
    ]);
    if (this.wanted !== wanted) return;
    const whole = teacher && Array.from(teacher.predictedAt(teacher.last));
    const pictures = {
      draft: draft && { conversion: teacher ?? student, levels: draft.levels, sound: draft.sound },
      first: teacher && { conversion: teacher, levels: teacher.predictedAt(0), sound: teacher.stepSound("predicted", 0) },
      student: student && { conversion: student, levels: student.predictedAt(student.last), sound: student.recording("converted") },
      refined: teacher && { conversion: teacher, levels: teacher.predictedAt(teacher.last), sound: teacher.recording("converted") },
    };
    for (const [name, picture] of Object.entries(pictures)) this.show(name, picture, whole);
    this.place.dataset.drawn = "true";
  }

  async trying(work) {
    try {
      return await work();
    } catch (error) {
      this.say(error instanceof TraceProblem ? error.message : `A picture cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
      return null;
    }
  }

  show(name, picture, refined) {
    const { panel, button, facts } = this.panels[name];
    this.heard[name] = picture?.sound ?? null;
    button.disabled = !this.heard[name];
    facts.textContent = "";
    waitIn(panel, picture ? null : "missing");
    if (!picture) return;
    const { conversion, levels } = picture;
    const { grid, frames, scale } = conversion.manifest;
    fillPanel(panel, grid, frames, levels, conversion.ofLevels);
    const change = `changes by ${changeDb(levels, frames, scale.db_per_level).toFixed(1)} dB from frame to frame`;
    const distance = refined && distanceDb(Array.from(levels), refined, scale.db_per_level);
    facts.textContent = distance ? `${distance.toFixed(1)} dB (RMS) from the refined mel; ${change}` : change;
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.sounds.close();
  }
}

// The draft of the teacher's conversion, as svc_core/drafts.py kept it.
async function openDraft({ material, teacher, roots }) {
  const folder = new URL(`${material}draft/`, document.location.href);
  const { manifest } = await openConversion(roots, teacher);
  const name = encodeURIComponent(teacher);
  const response = await fetch(new URL(`${name}.npy.gz`, folder));
  if (!response.ok) throw new TraceProblem(`There is no draft of the conversion “${teacher}” here; its other pictures are shown.`);
  try {
    const coded = await unpackArray(response.body, "|u1", [1, manifest.grid.n_mels, manifest.frames]);
    const levels = decodePictures(coded, manifest.frames, [0], 1);
    return { levels, sound: { name: `draft/${name}`, load: () => soundAt(new URL(`${name}.mp3`, folder)) } };
  } catch (error) {
    throw new TraceProblem(`The draft of the conversion “${teacher}” is damaged (${error.message}); the other pictures are shown.`);
  }
}

async function soundAt(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${decodeURIComponent(url.pathname.split("/").at(-1))} is missing (status ${response.status})`);
  return response.arrayBuffer();
}
