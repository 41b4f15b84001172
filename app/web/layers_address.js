// Phrase, picture and moment that the page's address asks for, so that a teacher can link to them.

const SHOWN = 40; // characters of a wrong address that are repeated to the reader

// {phrase, layer, at, problem} that the address asks for, null each where it asks for none that is here; `problem` says so.
export function askedFor(phrases, layers) {
  const query = new URLSearchParams(document.location.search);
  const asked = { phrase: query.get("phrase"), layer: query.get("layer"), at: query.get("at") };
  const isHere = {
    phrase: phrases.includes(asked.phrase),
    layer: layers.includes(asked.layer),
    at: asked.at !== null && asked.at.trim() !== "" && Number(asked.at) >= 0 && Number.isFinite(Number(asked.at)),
  };
  const wrong = Object.entries(asked).filter(([name, text]) => text !== null && !isHere[name]);
  for (const [name] of wrong) asked[name] = null;
  const problem = wrong.map(([name, text]) => `The address asks for ${name} “${text.slice(0, SHOWN)}”, which is not here; it is passed over.`).join(" ");
  return { ...asked, at: asked.at === null ? null : Number(asked.at), problem };
}
