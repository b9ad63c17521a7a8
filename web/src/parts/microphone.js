// Recording from the microphone.
import { t } from "../words.js";

const TYPES = { "audio/webm;codecs=opus": "webm", "audio/mp4": "m4a", "audio/ogg;codecs=opus": "ogg" };
const SMOOTH = 0.7;

/** Why there is no recording, for people. */
export class MicrophoneError extends Error {}

/**
 * Starts to record; `onLevel` gets the loudness 0..1 and the seconds so far, again and again.
 * `stop()` of what it returns gives the File. Raises MicrophoneError.
 */
export async function startRecording(onLevel) {
  const stream = await opened();
  try {
    return recordingOf(stream, onLevel);
  } catch (error) {
    close(stream);
    throw new MicrophoneError(reason(error));
  }
}

function recordingOf(stream, onLevel) {
  const type = Object.keys(TYPES).find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.start(1000);
  const meter = watch(stream, onLevel);
  return {
    async stop() {
      meter.close();
      if (recorder.state !== "inactive") recorder.stop();
      await ended;
      close(stream);
      const container = recorder.mimeType.split(";")[0];
      return new File(parts, `microphone.${TYPES[type] ?? "webm"}`, { type: container });
    },
  };
}

function close(stream) {
  for (const track of stream.getTracks()) track.stop();
}

async function opened() {
  if (!navigator.mediaDevices || !window.MediaRecorder) {
    throw new MicrophoneError(
      t("Browsers give the microphone to pages on localhost or https only. Open this page there, or record with another program and choose the file."),
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    throw new MicrophoneError(reason(error));
  }
}

function reason(error) {
  if (error.name === "NotAllowedError") {
    return t("The microphone was refused. Allow it for this page in the browser's address bar and press the button again, or choose a file.");
  }
  if (error.name === "NotFoundError") return t("There is no microphone. Connect one and press the button again, or choose a file.");
  return t("The microphone can't be used. Another program may hold it: close that and press the button again, or choose a file.");
}

function watch(stream, onLevel) {
  const sound = new AudioContext();
  const analyser = sound.createAnalyser();
  sound.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const begun = performance.now();
  let level = 0;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    level = Math.max(peak, SMOOTH * level);
    onLevel(Math.min(1, Math.sqrt(level)), (performance.now() - begun) / 1000);
  }, 100);
  return {
    close() {
      clearInterval(timer);
      sound.close();
    },
  };
}
