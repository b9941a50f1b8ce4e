// The shop in Deno; prints its port.

import { makeShop } from "./shop.js";

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, makeShop());
