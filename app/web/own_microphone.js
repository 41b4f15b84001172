// The microphone: raw samples while it is open. Nothing is sent anywhere from here.

const REFUSED = {
  NotAllowedError: "The browser does not let this page use the microphone. Allow it in the browser's settings for this site, or choose a file.",
  NotFoundError: "This device has no microphone. Choose a file, or one of the examples.",
  NotReadableError: "Another program uses the microphone. Close that, or choose a file.",
};

export class MicrophoneProblem extends Error {}

export class Microphone {
  // `onblock(samples, rateHz)` gets every 40 ms; `onend()` is called where the microphone is taken away. Rejects with a
  // MicrophoneProblem whose message is a sentence.
  static async open(onblock, onend = () => {}) {
    const devices = navigator.mediaDevices;
    if (!devices?.getUserMedia || typeof AudioWorkletNode === "undefined") {
      throw new MicrophoneProblem("This browser, or an address without https, has no microphone for pages. Choose a file, or one of the examples.");
    }
    let stream;
    try {
      // what makes speech clear on the telephone spoils singing
      const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      stream = await devices.getUserMedia({ audio: plain });
    } catch (error) {
      throw new MicrophoneProblem(REFUSED[error.name] ?? `The microphone cannot be used (${error.message}). Choose a file, or one of the examples.`);
    }
    const context = new AudioContext();
    try {
      await context.audioWorklet.addModule(new URL("./own_worklet.js", import.meta.url));
      const microphone = new Microphone(stream, context);
      const listener = new AudioWorkletNode(context, "listener", { numberOfInputs: 1, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
      listener.port.onmessage = ({ data }) => onblock(data, context.sampleRate);
      stream.getAudioTracks()[0].addEventListener("ended", onend);
      context.createMediaStreamSource(stream).connect(listener);
      await context.resume();
      return microphone;
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      context.close();
      throw new MicrophoneProblem(`The microphone cannot be heard (${error.message}). Choose a file, or one of the examples.`);
    }
  }

  constructor(stream, context) {
    this.stream = stream;
    this.context = context;
    this.rateHz = context.sampleRate;
  }

  // The browser's own sign that it listens goes out, too.
  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
  }
}
