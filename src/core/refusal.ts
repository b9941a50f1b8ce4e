// Why a host refuses to run WebAssembly, in words that say what to do.

import { reasonOf } from "../model/errors.js";

const CANT_RUN = "nrpc-metrics can't run WebAssembly here";

/** The error for `cause`, which was thrown by compiling or instantiating a core, or by making its memory. */
export function refusal(cause: unknown): Error {
  return new Error(`${CANT_RUN}: ${explanation(cause)}`, { cause });
}

function explanation(cause: unknown): string {
  if (typeof WebAssembly !== "object")
    return "this host has none (node --jitless and the lockdown modes of some browsers turn it off)";
  const reason = reasonOf(cause);
  switch (kindOf((cause as Partial<Error> | null)?.name, reason)) {
    case "memory":
      return (
        `no memory or address space is left (${reason}). Each registry reserves up to 10 GB of addresses: keep one per ` +
        "process, or raise a limit such as `ulimit -v`. Node's option --disable-wasm-trap-handler reserves less"
      );
    case "damage":
      return `the core is damaged or of another release (${reason})`;
    case "policy":
      return `a page must allow 'wasm-unsafe-eval', Workers need the option \`module\` (${reason})`;
    case "other":
      return reason; // such as the end of the stack
  }
}

/** Policies refuse compiling in Chromium, Firefox and workerd (CompileError), and instantiating in WebKit (EvalError). */
function kindOf(name: string | undefined, reason: string): "memory" | "damage" | "policy" | "other" {
  if (/memory|address space/i.test(reason)) return "memory";
  if (name === "LinkError" || name === "TypeError") return "damage";
  // Engines say where in the bytes they found damage: "@+12", "at byte 12", "at offset 12".
  if (name === "CompileError") return /@\+\d|(byte|offset) \d/.test(reason) ? "damage" : "policy";
  return name === "EvalError" ? "policy" : "other";
}
