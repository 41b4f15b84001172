// Whole numbers and choices that a figure keeps in the page's address under a name of its own.

const REST_MS = 250; // browsers refuse more than about three changes of address a second
const SHOWN = 40; // characters of a wrong wish that are repeated to the reader

const asked = (name) => new URLSearchParams(document.location.search).get(name);
const shortened = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

// {value, problem}: the number that the address asks for as `name`; `otherwise` where it asks for none, or wrongly.
export function numberInAddress(name, low, high, otherwise) {
  const text = asked(name);
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
  const text = asked(name);
  if (text === null || names.includes(text)) return { value: text ?? names[0], problem: "" };
  return { value: names[0], problem: `The address asks for ${name} = “${shortened(text)}”, which there is not; this is ${names[0]}.` };
}

export class Wishes {
  // {name: value}, written once the reader rests.
  write(values) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const url = new URL(document.location.href);
      for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
      if (url.href !== document.location.href) history.replaceState(history.state, "", url);
    }, REST_MS);
  }

  close() {
    clearTimeout(this.timer);
  }
}
