// Whether a call failed because there was no connection, or because it broke before the answer was complete.

import { causeChain, read } from "./error-shape.js";

/** Codes of such errors. A timeout of the network, `ETIMEDOUT`, is one of them: nobody has set a deadline. */
const CODES: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_HTTP2_GOAWAY_SESSION", // node:http2
  "ERR_HTTP2_INVALID_SESSION",
  "UND_ERR_SOCKET", // undici, and fetch of Node as its cause
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
  "ERR_NETWORK", // axios
]);

/** Also where the error is only a cause, and where all of several attempts have failed in this way. */
export function hasLostConnection(error: unknown): boolean {
  return causeChain(error).some((each) => isLost(each) || areAllLost(each));
}

function isLost(error: object): boolean {
  return CODES.has(read(error, "code")) || isCutStream(error);
}

/** Errors of a broken connection that have neither a code for it nor a cause. */
function isCutStream(error: object): boolean {
  const message = read(error, "message");
  switch (read(error, "name")) {
    // Connect, when the server goes away. Its error for an abort by the caller is that of the signal.
    case "ConnectError":
      return read(error, "isWireError") !== true && startsWith(message, "[canceled] http/2 stream closed");
    case "AxiosError":
      return message === "stream has been aborted";
    default:
      return false;
  }
}

/** Of an AggregateError: Node has tried several addresses of a host, or `Promise.any` several calls. */
function areAllLost(error: object): boolean {
  try {
    const { errors } = error as { errors?: unknown };
    return Array.isArray(errors) && errors.length > 0 && errors.every((each) => causeChain(each).some(isLost));
  } catch {
    return false; // a getter or a proxy threw
  }
}

function startsWith(text: unknown, start: string): boolean {
  return typeof text === "string" && text.startsWith(start);
}
