// The endpoint in Node; prints its port.

import { createServer } from "node:http";
import { makeListener } from "./counted.js";

const server = createServer(makeListener(1024));
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
