// Starts programs and makes sure that they end, whether or not the test passes.

import { spawn } from "node:child_process";

const running = new Set();
process.on("exit", () => {
  for (const child of running) killGroup(child);
});
// vitest ends its workers with a signal, and abandons them after Ctrl-C; without these, no exit handler would run.
for (const end of ["SIGTERM", "SIGINT", "SIGHUP", "disconnect"]) process.once(end, () => process.exit(1));

/** Each child leads its own process group, so that the processes it started end with it. */
function killGroup(child, signal = "SIGKILL") {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/**
 * Starts a program. `ended` fulfils with `{ code, stdout, stderr }`; `printed(pattern, stream)` fulfils with the first
 * match in its stdout, or in its stderr if that is the stream, and rejects if it ends without one; `stop()` sends
 * SIGTERM, then SIGKILL.
 */
export function start(command, args, { cwd, env } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.on("error", (error) => {
      running.delete(child);
      reject(error);
    });
    child.on("close", (code) => {
      running.delete(child);
      resolve({ code, ...output });
    });
  });
  return {
    ended,
    printed: (pattern, stream = "stdout") =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = output[stream].match(pattern);
          if (match) resolve(match);
        };
        look();
        child[stream].on("data", look);
        ended.then(
          ({ code, stderr }) =>
            reject(new Error(`${command} ended with ${code} before it printed ${pattern}: ${stderr}`)),
          reject,
        );
      }),
    async stop() {
      killGroup(child, "SIGTERM");
      const deadline = setTimeout(() => killGroup(child), 5000);
      await ended;
      clearTimeout(deadline);
      killGroup(child); // processes that it left behind
    },
  };
}

/** Runs a program that prints one JSON document, and returns the document. */
export async function runForJson(command, args, options) {
  const { code, stdout, stderr } = await start(command, args, options).ended;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}
