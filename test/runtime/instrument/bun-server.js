// The shop in Bun; prints its port.

import { makeShop } from "./shop.js";

const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: makeShop() });
console.log(`port ${port}`);
