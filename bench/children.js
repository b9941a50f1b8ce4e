// Scripts of this folder run in a process of their own, which writes JSON to its standard output.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Resolves with what the script wrote; its progress goes to the terminal. */
export function runScript(script, args, { program = process.execPath, flags = [], limitMs = 300_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...flags, script, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${script} ${args.join(" ")} ended with ${signal ?? `code ${code}`}`));
    });
  });
}
