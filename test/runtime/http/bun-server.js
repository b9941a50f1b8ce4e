// The endpoint in Bun; prints its port.

import { makeHandler } from "./counted.js";

const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: makeHandler(1024) });
console.log(`port ${port}`);
