// Whole numbers and choices that the page's address asks for, each under a name of its own.

import { wished } from "./wishes.js";

const SHOWN = 40; // characters of a wrong wish that are repeated to the reader

const shortened = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

// {value, problem}: the number that the address asks for as `name`; `otherwise` where it asks for none, or wrongly.
export function numberInAddress(name, low, high, otherwise) {
  const text = wished(name);
  if (text === null) return { value: otherwise, problem: "" };
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return { value, problem: "" };
  return {
    value: otherwise,
    problem: `The address asks for ${name} = “${shortened(text)}”, but ${name} runs from ${low} to ${high}; this is ${otherwise}.`,
  };
}

// The same of a choice among `names`; the first of them otherwise.
export function choiceInAddress(name, names) {
  const text = wished(name);
  if (text === null || names.includes(text)) return { value: text ?? names[0], problem: "" };
  return { value: names[0], problem: `The address asks for ${name} = “${shortened(text)}”, which there is not; this is ${names[0]}.` };
}
