// Requests that only an attacker sends, written to a socket as they are.

import { connect } from "node:net";

const HOST = "localhost";

/** Targets of which no URL can be made, whatever the base. */
export const UNPARSABLE = ["//", "///", "http://[", "//[", "//:99999/metrics", "http://a:b/", "//%/", "/\\", "\\\\["];

const ODD = [
  "GET *",
  "OPTIONS *",
  "GET metrics",
  "GET ?",
  "GET ?service=%",
  "GET /%",
  "GET /%00?%00",
  "GET /%E0%A4%A?service=%E0%A4%A&format=%",
  "GET /?service=\\ud800&service=%ED%A0%80",
  "GET /#",
  "GET /..//../metrics",
  "GET /__proto__",
  "GET /constructor?constructor",
  "GET http://other.example/metrics",
  "GET javascript:1",
  "HEAD /",
  "DELETE /",
  "PROPFIND /",
  `GET /${"a".repeat(8000)}`,
  `GET /?${"service=a&".repeat(800)}`,
];

/** Servers that speak fetch make their requests' URLs of the header Host. */
const HOSTS = ["[", "a:b", "%", "//", "127.0.0.1:99999"];

/** Fulfils with the status of the answer; rejects if nobody listens, and if the connection is closed without an answer. */
function statusOf(origin, requestLine, host = HOST) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(`${requestLine} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    socket.on("data", (text) => {
      answer += text;
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? [];
      if (!status) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`no answer to "${requestLine}" with Host: ${host}`)));
  });
}

/** The statuses of the answers to all of them, by request: `{ "GET //": 400, … }`. `path` is one that the server serves. */
export async function hostileStatuses(origin, path) {
  const requests = [
    ...UNPARSABLE.map((target) => [`GET ${target}`]),
    ...ODD.map((line) => [line]),
    ...HOSTS.map((host) => [`GET ${path}`, host]),
  ];
  const statuses = {};
  for (const [line, host] of requests) {
    statuses[host ? `${line} of ${host}` : line.slice(0, 60)] = await statusOf(origin, line, host);
  }
  return statuses;
}

/** Those of the statuses with which a server says that it has failed. */
export const failures = (statuses) => Object.entries(statuses).filter(([, status]) => status >= 500);
