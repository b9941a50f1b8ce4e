// What a registry has counted by status, for reports: `{ [service]: { calls, runs, threw, denied, inFlight, … } }`.

const withoutZeros = (counts) => Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));

export function countsOf(registry) {
  return Object.fromEntries(
    registry.snapshot().services.map((row) => [
      row.service,
      withoutZeros({
        threw: row.handlerPanicsTotal,
        denied: row.capabilityDeniedTotal,
        inFlight: row.inFlight + row.handlerInFlight,
        noRoute: row.errorsNoRoute,
        ...Object.fromEntries(Object.entries(row.callStatuses).map(([status, count]) => [`called ${status}`, count])),
        ...Object.fromEntries(Object.entries(row.handlerStatuses).map(([status, count]) => [`ran ${status}`, count])),
      }),
    ]),
  );
}
