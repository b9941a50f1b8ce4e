// Made-up traffic of a shop, as in the screenshots.

/** `busy`: calls per second; `ms`: median latency; `calls` or `serves`: only that side is counted; `fails`: with what. */
const SERVICES = [
  { name: "shop.v1.Catalog/Search", busy: 84, ms: 38, spread: 0.7 },
  { name: "shop.v1.Catalog/GetProduct", busy: 212, ms: 6, spread: 0.5, fails: ["not_found", 0.026] },
  { name: "shop.v1.Cart/AddItem", busy: 31, ms: 14, spread: 0.5 },
  { name: "shop.v1.Cart/Get", busy: 96, ms: 4, spread: 0.4 },
  { name: "shop.v1.Checkout/PlaceOrder", busy: 4.6, ms: 310, spread: 0.5, fails: ["internal", 0.024] },
  { name: "shop.v1.Pricing/Quote", busy: 140, ms: 9, spread: 0.6, fails: ["deadline_exceeded", 0.0008] },
  {
    name: "payments.v2.Cards/Authorize",
    busy: 4.4,
    ms: 420,
    spread: 0.6,
    fails: ["deadline_exceeded", 0.031],
    calls: true,
  },
  { name: "payments.v2.Cards/Refund", busy: 0.3, ms: 380, spread: 0.5, calls: true },
  { name: "inventory.v1.Stock/Reserve", busy: 12, ms: 22, spread: 0.6, fails: ["resource_exhausted", 0.004] },
  { name: "inventory.v1.Stock/Watch", busy: 0.8, ms: 2600, spread: 0.6, serves: true, chunks: 140, drops: 0.002 },
  {
    name: "recommend.v1.Engine/ForUser",
    busy: 48,
    ms: 61,
    spread: 0.9,
    fails: ["unimplemented", 0.02],
    calls: true,
  },
  { name: "search.v1.Suggest/Complete", busy: 260, ms: 3, spread: 0.6 },
  { name: "mail.v1.Outbox/Enqueue", busy: 5, ms: 8, spread: 0.4, fails: ["unavailable", 0.006], calls: true },
  { name: "auth.v1.Session/Verify", busy: 390, ms: 1.6, spread: 0.4 },
  { name: "auth.v1.Session/Refresh", busy: 7, ms: 12, spread: 0.4, denied: 0.05 },
  { name: "admin.v1.Reports/Export", busy: 0.05, ms: 5200, spread: 0.5, serves: true, denied: 0.1 },
  { name: "media.v1.Images/Resize", busy: 19, ms: 120, spread: 0.5, serves: true, throws: 0.003 },
  { name: "shipping.v1.Rates/Estimate", busy: 9, ms: 180, spread: 0.6, calls: true },
];

/** In this period, in seconds, calls fail `times` as often, as if a payment provider had an outage. */
const OUTAGE = { from: 180, to: 330, times: 4 };

/** Random numbers from 0 to 1, the same in every run. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns a function that counts traffic of the given number of seconds in `registry`. */
export function shopTraffic(registry) {
  const random = chance(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (const { name, busy, ms, serves, calls } of SERVICES) {
    const counters = registry.forService(name);
    const running = Math.round((busy * ms) / 1000);
    if (!serves) counters.add("inFlight", running);
    if (!calls) counters.add("handlerInFlight", running);
  }
  let passed = 0;
  return (seconds) => {
    passed += seconds;
    const outage = passed > OUTAGE.from && passed < OUTAGE.to ? OUTAGE.times : 1;
    SERVICES.forEach(
      ({ name, busy, ms, spread, fails, serves, calls, chunks, drops = 0, denied = 0, throws = 0 }, i) => {
        const counters = registry.forService(name);
        const wave = 1 + 0.25 * Math.sin(passed / (37 + 5 * i)) + 0.12 * normal();
        const expected = Math.max(0, busy * seconds * wave);
        const whole = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
        for (let call = 0; call < whole; call++) {
          const elapsedMs = ms * Math.exp(spread * normal());
          const failed = fails !== undefined && random() < fails[1] * outage;
          const answer = failed ? fails[0] : "ok";
          if (!serves) counters.recordCall(answer, elapsedMs * 1.15e6 + 4e5);
          if (!calls) {
            const threw = random() < throws;
            counters.add("handlerInvocationsTotal", 1);
            counters.add(`handlerStatuses.${threw ? "unknown" : answer}`, 1);
            counters.recordHandlerDuration(elapsedMs * 1e6);
            if (threw) counters.add("handlerPanicsTotal", 1);
          }
          if (random() < denied) counters.addCapabilityDenied();
        }
        if (chunks) {
          counters.addStreamingChunksEmitted(Math.round(chunks * seconds * wave));
          if (random() < drops * 40) counters.addStreamingChunksDropped(1 + Math.floor(random() * 6));
        }
      },
    );
  };
}
