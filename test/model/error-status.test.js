// The status that an error carries, by its shape. test/registry/observed-errors.test.js has the errors of real stacks.

import { classifyCall, RPC_STATUSES, statusOfError } from "nrpc-metrics";
import { describe, expect, test } from "vitest";

/** An error with these properties. */
const error = (properties) => Object.assign(new Error("failed"), properties);

describe("the status of an error is", () => {
  test.each(RPC_STATUSES.slice(1).map((status, i) => [status, i + 1]))(
    "%s for gRPC's and Connect's code %d",
    (status, code) => {
      expect(statusOfError(error({ code, details: "text" }))).toBe(status);
      expect(statusOfError(error({ code, name: "ConnectError" }))).toBe(status);
      expect(statusOfError(error({ code, name: "RpcError" }))).toBe(status);
      expect(statusOfError(error({ code: status }))).toBe(status);
      expect(statusOfError(error({ code: status.toUpperCase() }))).toBe(status);
    },
  );

  test("cancelled for an abort, and deadline_exceeded for a timeout", () => {
    expect(statusOfError(AbortSignal.abort().reason)).toBe("cancelled");
    expect(statusOfError(error({ name: "AbortError" }))).toBe("cancelled");
    expect(statusOfError(error({ name: "CanceledError", code: "ERR_CANCELED" }))).toBe("cancelled");
    expect(statusOfError(error({ code: "canceled" }))).toBe("cancelled");
    expect(statusOfError(new DOMException("late", "TimeoutError"))).toBe("deadline_exceeded");
    const axios = (code, message) => Object.assign(new Error(message), { name: "AxiosError", code });
    expect(statusOfError(axios("ECONNABORTED", "timeout of 5ms exceeded"))).toBe("deadline_exceeded");
    expect(statusOfError(axios("ETIMEDOUT", "timeout of 5ms exceeded"))).toBe("deadline_exceeded");
    expect(statusOfError(axios("ECONNABORTED", "Request aborted"))).toBeUndefined();
    const configured = { config: { timeoutErrorMessage: "too slow" } };
    expect(statusOfError(Object.assign(axios("ECONNABORTED", "too slow"), configured))).toBe("deadline_exceeded");
    expect(statusOfError(Object.assign(axios("ECONNABORTED", "Request aborted"), configured))).toBeUndefined();
    expect(statusOfError(error({ name: "CancelError" }))).toBe("cancelled");
    for (const name of ["ConnectTimeoutError", "HeadersTimeoutError", "BodyTimeoutError"])
      expect(statusOfError(error({ cause: error({ name }) }))).toBe("deadline_exceeded");
  });

  test("that of a cause which is an abort or a timeout, up to five levels down", () => {
    const nested = (levels, cause) => (levels === 0 ? cause : error({ cause: nested(levels - 1, cause) }));
    for (const levels of [1, 2, 5]) {
      expect(statusOfError(nested(levels, error({ name: "AbortError" })))).toBe("cancelled");
      expect(statusOfError(nested(levels, error({ name: "TimeoutError" })))).toBe("deadline_exceeded");
    }
    expect(statusOfError(nested(6, error({ name: "AbortError" })))).toBeUndefined();
    const circle = error({});
    circle.cause = circle;
    expect(statusOfError(circle)).toBeUndefined();
  });

  test("that of the cause, too, where a library has made a code of an abort, but not where the other side answered", () => {
    const cause = error({ name: "TimeoutError" });
    expect(statusOfError(error({ name: "ConnectError", code: 1, cause }))).toBe("deadline_exceeded");
    expect(statusOfError(error({ name: "ConnectError", code: 2, cause }))).toBe("deadline_exceeded");
    expect(statusOfError(error({ name: "ConnectError", code: 13, cause }))).toBe("internal");
    expect(statusOfError(error({ name: "ConnectError", code: 2 }))).toBe("unknown");
  });

  test.each([
    ["PARSE_ERROR", "invalid_argument"],
    ["BAD_REQUEST", "invalid_argument"],
    ["UNAUTHORIZED", "unauthenticated"],
    ["FORBIDDEN", "permission_denied"],
    ["NOT_FOUND", "not_found"],
    ["METHOD_NOT_SUPPORTED", "unimplemented"],
    ["TIMEOUT", "deadline_exceeded"],
    ["CONFLICT", "aborted"],
    ["PRECONDITION_FAILED", "failed_precondition"],
    ["PAYLOAD_TOO_LARGE", "failed_precondition"],
    ["UNPROCESSABLE_CONTENT", "failed_precondition"],
    ["TOO_MANY_REQUESTS", "resource_exhausted"],
    ["CLIENT_CLOSED_REQUEST", "cancelled"],
    ["INTERNAL_SERVER_ERROR", "internal"],
    ["NOT_IMPLEMENTED", "unimplemented"],
    ["BAD_GATEWAY", "unavailable"],
    ["SERVICE_UNAVAILABLE", "unavailable"],
    ["GATEWAY_TIMEOUT", "deadline_exceeded"],
  ])("for tRPC's %s, on both sides: %s", (code, status) => {
    expect(statusOfError(error({ name: "TRPCError", code }))).toBe(status);
    expect(statusOfError(error({ name: "TRPCClientError", data: { code } }))).toBe(status);
  });

  test("for tRPC's answers without a code by HTTP status, or else by the number for JSON-RPC, or else unknown", () => {
    const answer = (properties) => statusOfError(error({ name: "TRPCClientError", ...properties }));
    expect(answer({ data: { code: "CONFLICT", httpStatus: 404 }, shape: { code: -32603 } })).toBe("aborted");
    expect(answer({ data: { code: "OWN", httpStatus: 503 }, shape: { code: -32603 } })).toBe("unavailable");
    expect(answer({ data: { httpStatus: 418 }, shape: { code: -32603 } })).toBe("failed_precondition");
    expect(answer({ data: { httpStatus: 599 }, shape: { code: -32001 } })).toBe("unauthenticated");
    for (const data of [{}, undefined, null, { code: undefined }]) {
      for (const [code, status] of [
        [-32700, "invalid_argument"],
        [-32600, "invalid_argument"],
        [-32603, "internal"],
        [-32001, "unauthenticated"],
        [-32003, "permission_denied"],
        [-32004, "not_found"],
        [-32005, "unimplemented"],
        [-32008, "deadline_exceeded"],
        [-32009, "aborted"],
        [-32012, "failed_precondition"],
        [-32029, "resource_exhausted"],
        [-32099, "cancelled"],
        [-32100, "internal"],
        [-1, "unknown"],
        [0, "unknown"],
        [Number.NaN, "unknown"],
        ["constructor", "unknown"],
        [undefined, "unknown"],
      ])
        expect(answer({ data, shape: { code } })).toBe(status);
    }
    const message = 'No procedure found on path "users.get"';
    expect(answer({ shape: { code: -32004 }, message })).toBe("unimplemented");
    expect(answer({ data: {} })).toBe("unknown");
    expect(answer({ shape: {}, cause: error({ name: "AbortError" }) })).toBe("cancelled");
  });

  test("that of the cause where tRPC's server has made an internal error of an abort", () => {
    const internal = (cause) => error({ name: "TRPCError", code: "INTERNAL_SERVER_ERROR", cause });
    expect(statusOfError(internal(error({ name: "AbortError" })))).toBe("cancelled");
    expect(statusOfError(internal(error({ name: "TimeoutError" })))).toBe("deadline_exceeded");
    expect(statusOfError(internal(error({})))).toBe("internal");
  });

  test.each([
    ["bad_route", "unimplemented"],
    ["malformed", "invalid_argument"],
    ["dataloss", "data_loss"],
  ])("for Twirp's %s: %s", (code, status) => expect(statusOfError(error({ code }))).toBe(status));

  test.each(['No procedure found on path "users.get"', 'No "query"-procedure on path "users.get"'])(
    "unimplemented for a tRPC procedure that does not exist: %s",
    (message) => {
      const answered = { name: "TRPCClientError", data: { code: "NOT_FOUND" } };
      expect(statusOfError(error({ ...answered, message }))).toBe("unimplemented");
      expect(statusOfError(error({ ...answered, message: `${message.slice(3)} No procedure` }))).toBe("not_found");
    },
  );

  test("unavailable for a tRPC error without an answer", () => {
    expect(statusOfError(error({ name: "TRPCClientError", data: undefined }))).toBe("unavailable");
    expect(statusOfError(error({ name: "TRPCClientError", cause: error({ name: "AbortError" }) }))).toBe("cancelled");
  });

  test.each([
    ["an error without a code", error({})],
    ["a code of 0, which is no error", error({ code: 0, details: "" })],
    ["a number past gRPC's", error({ code: 17, name: "ConnectError" })],
    ["a fraction", error({ code: 1.5, name: "ConnectError" })],
    ["a negative number", error({ code: -32601, details: "" })],
    ["the number of a DOMException", new DOMException("x", "NotFoundError")],
    ["a number that has another meaning", error({ code: 5 })],
    ["a system error", error({ code: "ECONNREFUSED" })],
    ["the word ok", error({ code: "ok" })],
    ["a property that every object has", error({ code: "constructor" })],
    ["a string", "NOT_FOUND"],
    ["null", null],
    ["undefined", undefined],
    ["a function", () => {}],
  ])("undefined for %s", (_, value) => expect(statusOfError(value)).toBeUndefined());

  test("undefined where a property throws, for it never throws itself", () => {
    const broken = {
      get name() {
        throw new Error("no name");
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [broken, proxy, error({ cause: broken })]) expect(statusOfError(value)).toBeUndefined();
  });
});

describe("of a call, by its error and its signal,", () => {
  const alive = new AbortController().signal;
  const aborted = (reason) => AbortSignal.abort(reason);

  test("a cancelled error never resolved, unless its signal shows that it was the other side", () => {
    for (const cancelled of [error({ name: "AbortError" }), error({ name: "ConnectError", code: 1 })]) {
      expect(classifyCall(cancelled)).toBeUndefined();
      expect(classifyCall(cancelled, alive)).toBe("cancelled");
      expect(classifyCall(cancelled, aborted())).toBeUndefined();
    }
  });

  test("an aborted signal's reason says whether it was time or the caller, whatever the error", () => {
    const late = [new DOMException("late", "TimeoutError"), error({ name: "ConnectError", code: 4 })];
    for (const failure of [
      error({ name: "CanceledError" }),
      error({}),
      error({ code: 13, details: "" }),
      "text",
      null,
    ]) {
      for (const reason of late) expect(classifyCall(failure, aborted(reason))).toBe("deadline_exceeded");
      for (const reason of [undefined, "user left", error({}), null])
        expect(classifyCall(failure, aborted(reason))).toBeUndefined();
    }
  });

  test.each(["text", 0, null, Symbol("reason")])(
    "a value that is no object is the reason of a signal, unless the signal is known: %s",
    (value) => {
      expect(classifyCall(value)).toBeUndefined();
      expect(classifyCall(value, alive)).toBe("unknown");
    },
  );

  const LOST = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET", "ERR_NETWORK"];

  test("no connection is unavailable, and anything else unknown", () => {
    for (const code of LOST) {
      const lost = error({ code });
      expect(classifyCall(lost)).toBe("unavailable");
      expect(classifyCall(error({ cause: lost }), alive)).toBe("unavailable");
      expect(classifyCall(error({ cause: error({ cause: error({ cause: lost }) }) }))).toBe("unavailable");
    }
    for (const other of [error({}), error({ code: "ENOENT" }), undefined, {}, error({ message: "socket hang up" })])
      expect(classifyCall(other)).toBe("unknown");
  });

  test("several attempts are unavailable if none had a connection", () => {
    const lost = error({ code: "ETIMEDOUT" });
    const all = (...errors) => new AggregateError(errors);
    for (const errors of [all(lost), all(lost, error({ cause: lost })), error({ cause: all(lost, lost) })])
      expect(classifyCall(errors)).toBe("unavailable");
    for (const errors of [all(), all(lost, error({})), all("text"), error({ errors: { length: 1, 0: lost } })])
      expect(classifyCall(errors)).toBe("unknown");
  });

  test("codes that Connect has for lost connections are unavailable if the cause is one, and others are answers", () => {
    const cause = error({ cause: error({ code: "ECONNRESET" }) });
    const connect = (code, properties) => error({ name: "ConnectError", code, ...properties });
    for (const code of [1, 2, 10, 13]) {
      expect(classifyCall(connect(code, { cause }))).toBe("unavailable");
      expect(classifyCall(connect(code), alive)).toBe(RPC_STATUSES[code]);
      expect(classifyCall(connect(code, { cause }), aborted())).toBeUndefined();
      expect(statusOfError(connect(code, { cause }))).toBe(RPC_STATUSES[code]);
    }
    for (const code of [3, 5, 7, 8, 9, 12, 16]) expect(classifyCall(connect(code, { cause }))).toBe(RPC_STATUSES[code]);
    for (const name of ["TRPCError", "RpcError"])
      expect(classifyCall(error({ name, code: name === "RpcError" ? 13 : "INTERNAL_SERVER_ERROR", cause }))).toBe(
        "internal",
      );
  });

  test("a stream over HTTP/2 that broke is unavailable in Connect, unless that is what the server has answered", () => {
    const broken = { name: "ConnectError", code: 1, message: "[canceled] http/2 stream closed with error code CANCEL" };
    expect(classifyCall(error(broken))).toBe("unavailable");
    expect(classifyCall(error({ cause: error(broken) }))).toBe("unavailable");
    expect(classifyCall(error({ ...broken, isWireError: true }), alive)).toBe("cancelled");
    expect(classifyCall(error({ ...broken, message: "[canceled] This operation was aborted" }))).toBeUndefined();
    expect(classifyCall(error({ ...broken, name: "Error" }))).toBe("unknown");
  });

  describe("it never throws, whatever it has to read:", () => {
    const throwing = (property, more = {}) =>
      Object.defineProperty({ ...more }, property, {
        get() {
          throw new Error("unreadable");
        },
      });
    const revoked = (target) => {
      const { proxy, revoke } = Proxy.revocable(target, {});
      revoke();
      return proxy;
    };

    test.each(["name", "code", "message", "cause", "details", "errors"])(
      "an error without a readable %s",
      (property) => {
        expect(classifyCall(throwing(property))).toBe("unknown");
        expect(classifyCall(error({ cause: throwing(property) }), alive)).toBe("unknown");
      },
    );

    test("an error of which a part is readable", () => {
      expect(classifyCall(throwing("cause", { code: "ECONNRESET" }))).toBe("unavailable");
      expect(classifyCall(throwing("message", { name: "AxiosError", code: "ECONNABORTED" }))).toBe("unknown");
      expect(classifyCall(throwing("data", { name: "TRPCClientError", shape: { code: -32603 } }))).toBe("internal");
      expect(classifyCall(throwing("cause", { name: "ConnectError", code: 2 }))).toBe("unknown");
      const config = throwing("timeoutErrorMessage");
      expect(classifyCall(error({ name: "AxiosError", code: "ECONNABORTED", config }))).toBe("unknown");
    });

    test("a revoked proxy", () => {
      for (const proxy of [revoked({}), revoked([])]) {
        expect(classifyCall(proxy)).toBe("unknown");
        expect(classifyCall(error({ cause: proxy }))).toBe("unknown");
        expect(classifyCall(error({ errors: proxy }))).toBe("unknown");
        expect(classifyCall(error({ errors: [proxy] }))).toBe("unknown");
        expect(classifyCall(error({ name: "TRPCClientError", data: proxy }))).toBe("unknown");
      }
    });

    test("a circle of causes", () => {
      const circle = error({});
      circle.cause = circle;
      circle.errors = [circle];
      expect(classifyCall(circle)).toBe("unknown");
    });

    test("a signal that can't be read, which counts as none, and so does null", () => {
      const cancelled = error({ name: "AbortError" });
      for (const signal of [throwing("aborted"), revoked({}), null, undefined, {}]) {
        expect(classifyCall(cancelled, signal)).toBeUndefined();
        expect(classifyCall("text", signal)).toBeUndefined();
        expect(classifyCall(error({}), signal)).toBe("unknown");
      }
    });

    test("an aborted signal whose reason can't be read, which is none for a timeout", () => {
      for (const signal of [throwing("reason", { aborted: true }), { aborted: true, reason: revoked({}) }])
        expect(classifyCall(error({}), signal)).toBeUndefined();
    });
  });
});
