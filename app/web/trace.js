// Reading a trace over HTTP: its manifest, and its arrays (.npy.gz). What is wrong is said in one sentence.

const FORMAT = "singsteps-trace-1";

export class TraceProblem extends Error {}

export class Trace {
  // `root`: address of the folder of traces; `id`: the trace's folder.
  static async open(root, id, signal) {
    const folder = new URL(`${encodeURIComponent(id)}/`, root);
    const response = await reach(new URL("trace.json", folder), id, "trace.json", signal);
    let manifest;
    try {
      manifest = await response.json();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new TraceProblem(`The conversion “${id}” cannot be shown: its trace.json is damaged.`);
    }
    if (manifest.format !== FORMAT) {
      throw new TraceProblem(`The conversion “${id}” is of format ${manifest.format}; this page reads ${FORMAT}.`);
    }
    return new Trace(folder, manifest);
  }

  constructor(folder, manifest) {
    this.folder = folder;
    this.manifest = manifest;
    this.id = manifest.id;
  }

  has(name) {
    return name in this.manifest.files;
  }

  // The checksum in the address lets a browser keep the file for good, and never an outdated one.
  address(name) {
    const url = new URL(name, this.folder);
    url.searchParams.set("v", (this.manifest.files[name]?.sha256 ?? "").slice(0, 8));
    return url;
  }

  async array(name, signal) {
    const response = await reach(this.address(name), this.id, name, signal);
    try {
      const plain = response.body.pipeThrough(new DecompressionStream("gzip"));
      return parseNpy(await new Response(plain).arrayBuffer());
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new TraceProblem(`The conversion “${this.id}” cannot be shown: ${name} is damaged (${error.message}).`);
    }
  }

  // Bytes (kept, band, frame); stored as differences from one kept step to the next, modulo 256.
  async predictedLevels(signal) {
    const { values, shape } = await this.array("predicted.npy.gz", signal);
    const size = shape[1] * shape[2];
    for (let i = size; i < values.length; i += 1) values[i] += values[i - size];
    return values;
  }
}

async function reach(url, id, name, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new TraceProblem(`The conversion “${id}” cannot be read: the server does not answer (${name}). Try again.`);
  }
  if (!response.ok) {
    throw new TraceProblem(`The conversion “${id}” cannot be shown: ${name} is missing (status ${response.status}).`);
  }
  return response;
}

// NumPy's .npy format, version 1: magic, header length, a header that is a Python literal, the values.
export function parseNpy(buffer) {
  const bytes = new Uint8Array(buffer, 0, 10);
  if (bytes[0] !== 0x93 || bytes[1] !== 0x4e) throw new Error("not a NumPy array");
  const begin = 10 + bytes[8] + 256 * bytes[9];
  const header = new TextDecoder().decode(new Uint8Array(buffer, 10, begin - 10));
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(",").filter((part) => part.trim()).map(Number);
  const kind = header.match(/'descr': '([^']+)'/)[1];
  const Values = { "|u1": Uint8Array, "<u2": Uint16Array }[kind];
  if (!Values) throw new Error(`values of kind ${kind} are not read here`);
  const values = new Values(buffer.slice(begin));
  if (values.length !== shape.reduce((product, n) => product * n, 1)) throw new Error("it is cut off");
  return { values, shape };
}
