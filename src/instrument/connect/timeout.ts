// The timeout that a caller has set, as Connect's protocols send it.

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** In milliseconds; NaN if there is none, or none that can be read. */
export function timeoutMsOf(header: Headers): number {
  const ofConnect = header.get("connect-timeout-ms");
  if (ofConnect !== null) return Number(ofConnect);
  const [, amount, unit = ""] = /^(\d+)([HMSmun])$/.exec(header.get("grpc-timeout") ?? "") ?? [];
  return Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
}
