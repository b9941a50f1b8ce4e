// Replays vectors through the public API. Every runtime loads this file and passes the library as it imported it, so
// this uses nothing but web standards.

/** In the vectors, names of fields are in snake case. */
function camelCase(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** In the vectors, numbers past 2^53 are strings. */
function exact(n) {
  return typeof n === "string" ? BigInt(n) : n;
}

const OUTCOMES = { ok: "Ok", no_route: "NoRoute", timeout: "Timeout", server: "ServerError", transport: "Transport" };

/**
 * A registry after `ops`. Its clock is advanced by hand, so that handlers can be measured by guards.
 */
export function replay({ RpcMetricsRegistry, CallOutcome }, ops, options = {}) {
  let nowMs = 0;
  const registry = new RpcMetricsRegistry({ ...options, clock: () => nowMs });
  for (const [op, name, ...args] of ops) {
    if (op === "services") {
      for (let i = args[0]; i < args[1]; i++) registry.forService(name + i);
      continue;
    }
    const service = registry.forService(name);
    switch (op) {
      case "service":
        break;
      case "call":
        service.recordCall(CallOutcome[OUTCOMES[args[0]]], exact(args[1]));
        break;
      case "call_start":
        service.startCall();
        break;
      case "handler": {
        nowMs = 0;
        const handler = service.startHandler();
        nowMs = args[1] / 1e6;
        handler.end();
        // Not by the guard's threw(), which also counts a status. The reference has none.
        if (args[0] === "panic") service.add("handlerPanicsTotal", 1);
        break;
      }
      case "handler_start":
        service.startHandler();
        break;
      case "latency":
        service.recordLatency(exact(args[0]));
        break;
      case "handler_duration":
        service.recordHandlerDuration(exact(args[0]));
        break;
      case "add":
        service.add(camelCase(args[0]), exact(args[1]));
        break;
      default:
        throw new Error(`unknown op ${op}`);
    }
  }
  return registry;
}

/** A vector's row with the field names and doubles of a snapshot. */
function expectedRow(row) {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [
      camelCase(field),
      field === "service" ? value : Array.isArray(value) ? value.map(Number) : Number(value),
    ]),
  );
}

function isZero(value) {
  return typeof value === "object" ? Object.values(value).every(isZero) : value === 0;
}

/** A row without the fields that the reference does not have, and which it therefore never recorded. */
function knownFields(row, expected) {
  const others = Object.entries(row).filter(([field]) => !(field in expected));
  if (!others.every(([, value]) => isZero(value))) return row;
  return Object.fromEntries(Object.entries(row).filter(([field]) => field in expected));
}

function sortedJson(row) {
  return JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Describes where the library differs from `vector`; empty if it does not. */
export async function differences(library, vector) {
  const registry = replay(library, vector.ops);
  const snapshot = registry.snapshot();
  const bytes = snapshot.prometheusBytes();
  const found = [];
  const compare = (what, got, expected) => {
    if (got !== expected) found.push(`${vector.name}: ${what} is ${got}, expected ${expected}`);
  };
  compare("registry.size", registry.size, vector.service_count);
  compare("snapshot.services.length", snapshot.services.length, vector.service_count);
  if (vector.services_are === "all") compare("rows", snapshot.services.length, vector.services.length);
  for (const expected of vector.services) {
    const row = expectedRow(expected);
    const got = snapshot.get(expected.service);
    const known = got && sortedJson(knownFields(got, row));
    compare(`service ${JSON.stringify(expected.service)}`, known, sortedJson(row));
  }
  compare("the length of the text", bytes.length, vector.text_bytes);
  compare("the hash of the text", await sha256(bytes), vector.text_sha256);
  if (vector.text !== undefined) {
    const text = snapshot.prometheusText();
    if (text !== vector.text) {
      const expectedLines = vector.text.split("\n");
      const lines = text.split("\n");
      const at = expectedLines.findIndex((line, i) => line !== lines[i]);
      compare(`line ${at + 1} of the text`, lines[at], expectedLines[at]);
    }
  }
  return found;
}

/** Replays all vectors: `{ replayed, differences }`. */
export async function replayAll(library, vectors) {
  const found = [];
  for (const vector of vectors) found.push(...(await differences(library, vector)));
  return { replayed: vectors.length, differences: found };
}
