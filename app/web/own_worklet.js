// Runs in the browser's audio thread: hands on what the microphone hears, as it is.

const BLOCK = 2048; // samples at a time, some 40 ms: a meter needs no more

class Listener extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  process([input]) {
    const samples = input[0]; // one channel was asked for
    if (!samples) return true;
    for (const value of samples) {
      this.block[this.filled] = value;
      this.filled += 1;
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("listener", Listener);
