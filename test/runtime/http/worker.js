// The endpoint in a Worker. It is made in the first request, because startup has a time limit.

import { makeHandler } from "./counted.js";

let handler;

export default {
  fetch(request) {
    handler ??= makeHandler(4096);
    return handler(request);
  },
};
