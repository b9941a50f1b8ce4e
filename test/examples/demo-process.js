// Runs the demo as a child process: what it prints and how it ends; it never outlives the test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const demo = fileURLToPath(new URL("../../examples/grpc/demo.js", import.meta.url));

export class DemoProcess {
  stdout = "";
  stderr = "";
  /** Resolves with `{ code, signal }` when the process has ended and all of its output was read. */
  ended;
  #child;

  /** `cleanUp` is called with a function that kills the process. `program` is a path from `cwd`. */
  constructor(args, port, cleanUp = onTestFinished, { cwd = process.cwd(), program = demo } = {}) {
    this.#child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of ["stdout", "stderr"]) {
      this.#child[stream].setEncoding("utf8").on("data", (text) => {
        this[stream] += text;
      });
    }
    cleanUp(() => this.kill());
    this.ended = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
  }

  /** The first match of `pattern` in its stdout; rejects if it ends without one. */
  async printed(pattern) {
    for (;;) {
      const match = this.stdout.match(pattern);
      if (match) return match;
      const end = await Promise.race([once(this.#child.stdout, "data").then(() => undefined), this.ended]);
      if (end && !pattern.test(this.stdout)) {
        throw new Error(`the demo ended with ${JSON.stringify(end)} before it printed ${pattern}:\n${this.stderr}`);
      }
    }
  }

  interrupt() {
    this.#child.kill("SIGINT");
  }

  /** Does nothing if the process has ended. */
  kill() {
    this.#child.kill("SIGKILL");
  }
}
