// The endpoint in Deno; prints its port.

import { makeHandler } from "./counted.js";

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, makeHandler(1024));
