// TypeScript's language server, which editors ask where a name is defined and what its documentation says.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

/** `ask(command, name)` asks about the first occurrence of `name` in `file`; `stop()` ends the server. */
export function startTsserver(file) {
  const server = createRequire(import.meta.url).resolve("typescript/lib/tsserver.js");
  const args = [server, "--disableAutomaticTypingAcquisition"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map();
  // Messages are lines of JSON between headers and events.
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const { type, request_seq: seq, success, message, body } = JSON.parse(line);
    if (type !== "response" || !waiting.has(seq)) return;
    const { resolve, reject } = waiting.get(seq);
    if (success) resolve(body);
    else reject(new Error(message));
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`tsserver ended with ${code}`));
  });
  let seq = 0;
  const send = (command, args) =>
    child.stdin.write(`${JSON.stringify({ seq: ++seq, type: "request", command, arguments: args })}\n`);
  send("open", { file });
  const lines = readFileSync(file, "utf8").split("\n");
  return {
    ask(command, name) {
      const line = lines.findIndex((text) => text.includes(name));
      return new Promise((resolve, reject) => {
        send(command, { file, line: line + 1, offset: lines[line].indexOf(name) + 1 });
        waiting.set(seq, { resolve, reject });
      });
    },
    stop() {
      waiting.clear();
      child.kill();
    },
  };
}
