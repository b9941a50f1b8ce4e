// Runs a script of this folder in a child process, which writes its result to standard output as JSON.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Resolves with the parsed result. The script's standard error goes to the terminal. */
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
