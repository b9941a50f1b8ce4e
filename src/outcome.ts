// How a call can resolve.

/**
 * How a resolved call ended. Every outcome adds 1 to `callsTotal` and one observation to the latency
 * histogram; all but `Ok` add 1 to an error counter besides.
 *
 * | outcome | meaning | error counter | `kind` label |
 * |---|---|---|---|
 * | `Ok` | the call succeeded | none | none |
 * | `NoRoute` | nobody serves it: unknown service or method, no live peer in the routing table | `errorsNoRoute` | `no_route` |
 * | `Timeout` | the deadline passed | `errorsTimeout` | `timeout` |
 * | `ServerError` | the other side answered with an error | `errorsServer` | `server` |
 * | `Transport` | the connection failed | `errorsTransport` | `transport` |
 *
 * A call that never resolved (the loser of a hedged pair, an aborted call) has no outcome: end its
 * guard without marking one.
 */
export const CallOutcome = {
  Ok: 0,
  NoRoute: 1,
  Timeout: 2,
  ServerError: 3,
  Transport: 4,
} as const;

export type CallOutcome = (typeof CallOutcome)[keyof typeof CallOutcome];

/** True for the five outcomes and nothing else; compares by identity, so that no value can make it throw. */
export function isCallOutcome(value: unknown): value is CallOutcome {
  return value === 0 || value === 1 || value === 2 || value === 3 || value === 4;
}
