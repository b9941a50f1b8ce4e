// The endpoint in a Worker, made in its first request: outside one, it may not be slow.

import { makeHandler } from "./counted.js";

let handler;

export default {
  fetch(request) {
    handler ??= makeHandler(4096);
    return handler(request);
  },
};
