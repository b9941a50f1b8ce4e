// How a call can resolve.

/**
 * How a resolved call ended. Every outcome adds 1 to `callsTotal` and one observation to the latency histogram; every
 * outcome but `Ok` also adds 1 to an error counter.
 *
 * A call that never resolved (the loser of a hedged pair, an aborted call) has no outcome: end its guard without
 * marking one.
 *
 * @example
 * const call = service.startCall();
 * call.end(CallOutcome.Timeout);
 */
export const CallOutcome = {
  /** The call succeeded. */
  Ok: 0,
  /** Nothing serves the call: `errorsNoRoute`, kind `no_route`. */
  NoRoute: 1,
  /** The deadline passed: `errorsTimeout`, kind `timeout`. */
  Timeout: 2,
  /** The other side answered with an error: `errorsServer`, kind `server`. */
  ServerError: 3,
  /** The connection failed: `errorsTransport`, kind `transport`. */
  Transport: 4,
} as const;

/** One of the values of {@link CallOutcome}, 0 to 4. */
export type CallOutcome = (typeof CallOutcome)[keyof typeof CallOutcome];

/** True for the five outcomes only. Compares with `===`, so that no value can make it throw. */
export function isCallOutcome(value: unknown): value is CallOutcome {
  return value === 0 || value === 1 || value === 2 || value === 3 || value === 4;
}
