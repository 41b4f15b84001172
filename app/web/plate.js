// Pictures for print: mel spectrograms one below another with axes and captions, as PNG or SVG, on white.

import { COLOURS, heightOf, HIGHEST_DB, LOWEST_DB } from "./picture.js";
import { svg } from "./dom.js";

const WIDTH = 1200;
const PICTURE = 320;
const [LEFT, TOP, GAP, FOOT] = [70, 40, 76, 40];
const TICKS_HZ = [100, 200, 400, 800, 1600, 3200, 6400];
const FONT = "font-family:system-ui,sans-serif;fill:#111";

// A mel in dB (band, frame) as a canvas of its own size.
function painted({ db, frames, grid }) {
  const canvas = new OffscreenCanvas(frames, grid.n_mels);
  const context = canvas.getContext("2d");
  const image = context.createImageData(frames, grid.n_mels);
  const pixels = new Uint32Array(image.data.buffer);
  for (let band = 0; band < grid.n_mels; band += 1) {
    for (let frame = 0; frame < frames; frame += 1) {
      const level = Math.round((255 * (db[band * frames + frame] - LOWEST_DB)) / (HIGHEST_DB - LOWEST_DB));
      pixels[(grid.n_mels - 1 - band) * frames + frame] = COLOURS[Math.min(255, Math.max(0, level))];
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

async function dataUrl(canvas) {
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function draw(plates) {
  const height = TOP + plates.length * (PICTURE + GAP) + FOOT;
  const root = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height });
  root.append(svg("rect", { width: WIDTH, height, fill: "#fff" }));
  const text = (x, y, words, size = 15, anchor = "start") => svg("text", { x, y, "font-size": size, "text-anchor": anchor, style: FONT }, words);
  for (const [i, plate] of plates.entries()) {
    const y = TOP + i * (PICTURE + GAP);
    const width = WIDTH - LEFT - 20;
    root.append(text(LEFT, y - 10, plate.title, 17));
    root.append(svg("image", { x: LEFT, y, width, height: PICTURE, preserveAspectRatio: "none", style: "image-rendering:pixelated", href: await dataUrl(painted(plate)) }));
    for (const hz of TICKS_HZ) root.append(text(LEFT - 8, y + PICTURE * (1 - heightOf(hz, plate.grid)) + 5, hz < 1000 ? `${hz}` : `${hz / 1000}k`, 13, "end"));
    root.append(text(8, y + 12, "Hz", 13));
    for (let s = 0; s < plate.seconds; s += 1) root.append(text(LEFT + (width * s) / plate.seconds, y + PICTURE + 18, `${s} s`, 13, s ? "middle" : "start"));
  }
  const scale = `Black ${`${LOWEST_DB}`.replace("-", "−")} dB to white +${HIGHEST_DB} dB, the same in all pictures. ${[...new Set(plates.map(({ credit }) => credit))].join(" · ")}`;
  root.append(text(LEFT, height - 14, scale, 13));
  return { text: new XMLSerializer().serializeToString(root), height };
}

// plates: [{title, db, frames, seconds, grid, credit}] -> a Blob.
export async function asSvg(plates) {
  return new Blob([(await draw(plates)).text], { type: "image/svg+xml" });
}

export async function asPng(plates) {
  const { text, height } = await draw(plates);
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = new OffscreenCanvas(WIDTH, height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  URL.revokeObjectURL(image.src);
  return canvas.convertToBlob({ type: "image/png" });
}
