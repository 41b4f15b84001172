// Colour scales whose steps look alike all along, for steps and distances.

const channels = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));

class Gradient {
  constructor(stops) {
    this.stops = stops.map(channels);
    this.css = `linear-gradient(to right, ${stops.map((hex) => `#${hex}`).join(", ")})`;
  }

  // [red, green, blue] at a share from 0 to 1; what lies beyond is drawn as the end.
  at(share) {
    const place = Math.min(Math.max(share, 0), 1) * (this.stops.length - 1);
    const low = Math.min(Math.floor(place), this.stops.length - 2);
    return this.stops[low].map((from, i) => Math.round(from + (this.stops[low + 1][i] - from) * (place - low)));
  }

  text(share) {
    return `rgb(${this.at(share).join(" ")})`;
  }
}

export const RISING = new Gradient(["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"]); // viridis
export const BRIGHT = new Gradient(["2f6c8e", "24868e", "1fa188", "38b977", "70cf57", "b8de29", "fde725"]); // its upper two thirds, for thin lines on dark ground
