// prom-client, the client that most Node services use.

export * from "./prom-like.js?library=prom-client";
