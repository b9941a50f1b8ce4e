// @platformatic/prom-client, the fork of prom-client made for speed.

export * from "./prom-like.js?library=@platformatic/prom-client";
