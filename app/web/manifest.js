// trace.json of unknown origin, checked before anything believes it: what the page itself uses of it.
// The same limits as in svc_core/traces/manifest.py.

const FORMAT = "singsteps-trace";
const VERSION = 3;
const OLDEST = 2;
export const LONGEST_MANIFEST = 2 << 20;
const MOST_FRAMES = 8192;
const MOST_BANDS = 512;
const MOST_STEPS = 10000;
const MOST_VALUES = 1 << 26;
const MOST_FILE_BYTES = 1 << 26;
const SAFE_FILE = /^(?:[a-z0-9][a-z0-9_-]*\/)?[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+){1,2}$/;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
const isText = (value) => typeof value === "string";

// What is wrong with a parsed manifest, as the end of a sentence; null if nothing is.
export function faultOf(manifest, id) {
  if (!isObject(manifest)) return "it is no object";
  const [name, version] = String(manifest.format).match(/^(.*)-(\d+)$/)?.slice(1) ?? [];
  if (name !== FORMAT) return "it is of no format of SingSteps";
  if (Number(version) > VERSION) return `a newer SingSteps wrote it (this page reads ${FORMAT}-${VERSION})`;
  if (Number(version) < OLDEST) return `an older SingSteps wrote it (this page reads ${FORMAT}-${VERSION})`;
  if (manifest.id !== id) return "it is another conversion's";
  const { sampler, scale, scores, grid, pictures, sounds, contours, files, source, reference, frames } = manifest;
  const objects = { sampler, scale, scores, grid, pictures, contours, files, source };
  for (const [field, value] of Object.entries(objects)) if (!isObject(value)) return `'${field}' must be an object`;
  for (const [field, holds] of Object.entries({
    sampler: isWhole(sampler.steps, 1, MOST_STEPS) && isWhole(sampler.seed, 0, 2 ** 32 - 1) && isText(sampler.name)
      && isWhole(sampler.start_address, 0, 2 ** 31) && Number.isFinite(sampler.start_weight)
      && ((sampler.clamp ?? null) === null || (Number.isFinite(sampler.clamp) && sampler.clamp > 0))
      && Array.isArray(sampler.without) && isObject(sampler.guidance) && Object.values(sampler.guidance).every(Number.isFinite),
    source: isText(source.singer) && isText(source.phrase),
    target: isText(manifest.target),
    key_shift_semitones: Number.isInteger(manifest.key_shift_semitones),
    frames: isWhole(frames, 1, MOST_FRAMES),
    reference: reference === null || (isObject(reference) && isWhole(manifest.reference_frames, 1, MOST_FRAMES)),
    grid: isWhole(grid.n_mels, 1, MOST_BANDS) && isWhole(grid.hop, 1, 1 << 16) && isWhole(grid.sample_rate_hz, 1, 1 << 20)
      && grid.mel_low_hz >= 0 && grid.mel_low_hz < grid.mel_high_hz && grid.mel_high_hz <= grid.sample_rate_hz / 2,
    scale: ["mel_mean_db", "mel_std_db", "floor_db", "db_per_level"].every((part) => Number.isFinite(scale[part]))
      && scale.mel_std_db > 0,
  })) if (!holds) return `'${field}' is out of range`;
  const { steps } = sampler;
  const arePlaces = (list) => Array.isArray(list) && list.every((place) => isWhole(place, 0, steps - 1));
  const { places } = pictures;
  for (const [field, holds] of Object.entries({
    pictures: arePlaces(places) && places[0] === 0 && places.at(-1) === steps - 1 && isWhole(pictures.quantum, 1, 16)
      && places.every((place, i) => i === 0 || place > places[i - 1]) && places.length * grid.n_mels * frames <= MOST_VALUES,
    contours: arePlaces(contours.predicted) && arePlaces(contours.state),
    files: Object.entries(files).every(([file, facts]) => SAFE_FILE.test(file) && isObject(facts)
      && isWhole(facts.bytes, 0, MOST_FILE_BYTES) && isText(facts.sha256)),
    sounds: Array.isArray(sounds) && sounds.length > 0 && sounds.every((sound) => isObject(sound)
      && arePlaces([sound.place]) && Object.hasOwn(files, sound.predicted)
      && (sound.state === null || Object.hasOwn(files, sound.state))),
  })) if (!holds) return `'${field}' is out of range`;
  return null;
}
