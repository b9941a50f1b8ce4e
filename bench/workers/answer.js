// The worker's counterpart of workers.js.

import { parentPort } from "node:worker_threads";

/** Answers each message with the result of the function in `answers` that its `what` names. */
export function answerWith(answers) {
  parentPort.on("message", async ({ what, ...message }) => parentPort.postMessage(await answers[what](message)));
}
