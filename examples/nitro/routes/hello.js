// A route that counts its requests, and its throws.
import { defineHandler, getQuery } from "nitro/h3";
import { registry } from "../registry.js";

const hello = registry.forService("Greeter/Hello"); // keep it: this saves a lookup per call

export default defineHandler((event) =>
  hello.observeHandler(() => {
    const { name } = getQuery(event);
    if (!name) throw new Error("a name is missing");
    return `Hello, ${name}!`;
  }),
);
