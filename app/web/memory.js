// What the reader has done so far, kept in this browser and nowhere else.

const KEY = "singsteps.course.1"; // the number goes up when what is kept changes its meaning
export const CHANGED = "singsteps:progress";

let session = null; // where the browser keeps nothing (a private window), the page itself remembers

// {lessonId: {questionId: {answer: index, right: bool}}}; whatever else was found there is thrown away.
export function recall() {
  if (session) return session;
  try {
    return sound(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return {};
  }
}

function sound(found) {
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = (value) => (isObject(value) ? Object.entries(value) : []);
  const given = ([, answer]) => isObject(answer) && Number.isInteger(answer.answer) && typeof answer.right === "boolean";
  return Object.fromEntries(entries(found).map(([lesson, answers]) => [lesson, Object.fromEntries(entries(answers).filter(given))]));
}

export function remember(lesson, question, answer) {
  const all = recall();
  all[lesson] = { ...all[lesson], [question]: answer };
  keep(all);
}

export function forget(lesson = null) {
  const all = recall();
  if (lesson === null) keep({});
  else {
    delete all[lesson];
    keep(all);
  }
}

function keep(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    session = all;
  }
  document.dispatchEvent(new CustomEvent(CHANGED));
}

// "done" when every question of the lesson was answered rightly, "begun" when any was answered, else "".
export function progressOf(lesson, questions) {
  const answers = recall()[lesson] ?? {};
  if (questions.length > 0 && questions.every((id) => answers[id]?.right)) return "done";
  return questions.some((id) => answers[id]) ? "begun" : "";
}
