// Questions with feedback that explains; a question may be asked on a picture. Answers are kept by memory.js.

import { openConversion } from "./conversion.js";
import { element, rich, tellDone } from "./dom.js";
import { CHANGED, forget, recall, remember } from "./memory.js";
import { fillPanel, makePanel } from "./panel.js";
import { heightOf } from "./picture.js";
import { MEASURED } from "./scrubber.js";

const LETTERS = "ABCDEFGH";

export class Figure {
  constructor(place) {
    this.place = place;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    place.querySelector(".again").addEventListener("click", () => this.askAgain(), { signal });
    document.addEventListener(CHANGED, () => this.data && this.show(), { signal });
  }

  // data: {lesson, trace: id or null, questions: [{id, ask, picture, answer: [{text, because, right, at_s, hz}]}]}
  open(data) {
    if (JSON.stringify(data) === this.shown) return;
    this.shown = JSON.stringify(data);
    this.data = data;
    this.questions = data.questions.map((question) => this.pose(question));
    this.place.querySelector(".questions").replaceChildren(...this.questions.map(({ node }) => node));
    this.show();
    this.paint();
  }

  pose(question) {
    const buttons = [];
    const answerButton = (index, ...inside) => {
      const button = element("button", { type: "button", "data-right": question.answer[index].right }, ...inside);
      button.addEventListener("click", () => this.answer(question, index));
      buttons.push({ button, index });
      return button;
    };
    const panel = question.picture && makePanel(question.picture.shows, "", "", question.picture.alt);
    const feedback = element("p", { class: "feedback", "aria-live": "polite" });
    const list = element("ul", { class: "answers" }, ...question.answer.map(({ text }, i) => {
      const named = !panel || new RegExp(`^${LETTERS[i]}\\b`).test(text); // some answers name their letter themselves
      const letter = named ? [] : [element("span", { class: "letter" }, LETTERS[i])];
      const words = element("span", {}, ...rich(text));
      return element("li", {}, answerButton(i, element("span", { class: "sign", "aria-hidden": "true" }), ...letter, words));
    }));
    if (panel) {
      panel.querySelector("figcaption").remove();
      panel.querySelector(".plot").append(element("div", { class: "marks" }, ...question.answer.map((_, i) => {
        const mark = answerButton(i, LETTERS[i]);
        mark.setAttribute("aria-label", `Answer ${LETTERS[i]}, on the picture`);
        return mark;
      })));
    }
    const node = element("fieldset", { class: "question", "data-question": question.id },
      element("legend", {}, ...rich(question.ask)), ...(panel ? [panel] : []), list, feedback);
    return { question, node, panel, buttons, feedback };
  }

  // Pictures of questions that have one; without the conversion the answers' words are enough.
  async paint() {
    const pictured = this.questions.filter(({ panel }) => panel);
    if (pictured.length === 0) return;
    let conversion = null;
    try {
      conversion = this.data.trace && (await openConversion(this.data.roots, this.data.trace));
    } catch (error) {
      this.say(`The picture of a question cannot be shown. ${error.message}`);
    }
    for (const { question, panel } of pictured) {
      panel.hidden = !conversion;
      if (!conversion) continue;
      const { levels, scale, f0, frames } = await shownOf(conversion, question.picture);
      const { grid } = conversion.manifest;
      const picture = fillPanel(panel, grid, frames, levels, scale, question.picture.f0 && f0 ? [{ f0, colour: MEASURED }] : []);
      panel.querySelectorAll(".marks button").forEach((mark, i) => {
        const { at_s: seconds, hz } = question.answer[i];
        mark.style.setProperty("--x", `${(100 * seconds) / picture.seconds}%`);
        mark.style.setProperty("--y", `${100 * heightOf(hz, grid)}%`);
      });
    }
  }

  answer(question, index) {
    const { right } = question.answer[index];
    remember(this.data.lesson, question.id, { answer: index, right });
    tellDone("answered");
  }

  // What was answered so far.
  show() {
    const answers = recall()[this.data.lesson] ?? {};
    for (const { question, buttons, feedback } of this.questions) {
      const given = question.answer[answers[question.id]?.answer] ?? null;
      for (const { button, index } of buttons) {
        const pressed = question.answer[index] === given;
        button.setAttribute("aria-pressed", String(pressed));
        const sign = button.querySelector(".sign");
        if (sign) sign.textContent = pressed ? (given.right ? "✓" : "✗") : "";
      }
      feedback.classList.toggle("is-right", given?.right ?? false);
      feedback.replaceChildren(...(given ? [element("b", {}, given.right ? "Yes." : "Not quite."), " ", ...rich(given.because)] : []));
    }
    const right = this.questions.filter(({ question }) => answers[question.id]?.right).length;
    const all = this.questions.length;
    const score = right === all ? `All ${all} answered: this lesson is done.` : `${right} of ${all} answered rightly.`;
    this.place.querySelector(".score").textContent = Object.keys(answers).length ? score : "";
    this.place.querySelector(".again").hidden = Object.keys(answers).length === 0;
    if (all > 0 && right === all) tellDone("lesson done");
  }

  askAgain() {
    forget(this.data.lesson);
    this.place.querySelector(".answers button")?.focus();
  }

  say(sentence) {
    const problem = this.place.querySelector(".problem");
    problem.textContent = sentence;
    problem.hidden = false;
  }

  close() {
    this.listeners.abort();
  }
}

async function shownOf(conversion, { shows, step }) {
  const { frames, manifest } = conversion;
  if (shows === "source") return { levels: conversion.source, scale: conversion.ofLevels, f0: conversion.sourceF0, frames };
  if (shows === "target") {
    return { levels: conversion.target, scale: conversion.ofLevels, f0: conversion.targetF0, frames: manifest.reference_frames };
  }
  const place = conversion.placeOfStep(step);
  const f0 = conversion.measuredF0(shows, place);
  if (shows === "predicted") return { levels: conversion.predictedAt(place), scale: conversion.ofLevels, f0, frames };
  return { levels: await stateAt(conversion, place), scale: conversion.ofStates, f0, frames };
}

// The noisy state at a place, as soon as the replay has come that far.
function stateAt(conversion, place) {
  return new Promise((resolve) => {
    const end = conversion.watchStates(() => {
      const state = conversion.states.at(place);
      if (!state) return;
      resolve(Float32Array.from(state));
      queueMicrotask(() => end());
    });
    const state = conversion.states.at(place);
    if (state) {
      resolve(Float32Array.from(state));
      end();
    }
  });
}
