// The wings of src/ that `npm run mutate` knows: what is mutated, and the tests that have to notice.

const REGISTRY_SLOW = "test/registry/{leaks,stack}.test.js";

/**
 * Wait for real time, start other programs, collect garbage or use up the stack: too slow to run for each mutant, so they
 * are left out, but for those that a wing names as `slow` because nothing else covers some of its code.
 */
const SLOW = [
  "test/exposition/{openmetrics,promtool,quantile,scrape,text}.test.js",
  REGISTRY_SLOW,
  "test/threads/{kills,registration,stress}.test.js",
  "test/{http,page}/{chromium,faults,flood,frameworks,memory,prometheus,readers}.test.js",
];

const registryTests = "test/{conformance,model,registry}/*.test.js";
/** Those that import the sources instead of what was built from them. */
const coreTests = "test/core/{causes,layout,memory,module,rounding}.test.js";

export const WINGS = {
  model: {
    mutate: ["src/model/**/*.ts"],
    include: [
      registryTests,
      "test/exposition/*.test.js",
      "test/http/sources.test.js",
      "test/package/options.test.js",
      "test/page/{columns,windows}.test.js",
    ],
  },
  exposition: {
    mutate: ["src/exposition/**/*.ts"],
    include: ["test/exposition/*.test.js", "test/conformance/vectors.test.js"],
  },
  registry: {
    mutate: ["src/registry/**/*.ts"],
    include: [registryTests],
    slow: [REGISTRY_SLOW],
  },
  core: {
    mutate: ["src/core/*.ts", "!src/core/*.generated.ts"],
    include: [coreTests, registryTests],
  },
  threads: {
    mutate: ["src/core/shared/**/*.ts", "src/threads/**/*.ts"],
    include: ["test/threads/*.test.js", coreTests],
    dist: true, // their workers import what was built, which is not mutated
  },
  server: {
    mutate: ["src/server/**/*.ts"],
    include: ["test/server/*.test.js"], // those of the endpoint cover it, too, but take a minute
  },
  http: {
    mutate: ["src/http/**/*.ts"],
    include: ["test/http/*.test.js"],
  },
  page: {
    mutate: ["src/page/*.ts", "!src/page/*.generated.ts"],
    include: ["test/page/*.test.js"],
  },
  client: {
    mutate: ["src/page/client/{columns,format,state,visible}.ts"],
    include: ["test/page/{columns,format}.test.js"],
  },
  instrument: {
    mutate: ["src/instrument/**/*.ts"],
    include: ["test/instrument/**/*.test.js"],
  },
  runtime: {
    mutate: ["src/runtime/**/*.ts"],
    include: ["test/{runtime,server}/*.test.js", "test/http/gzip.test.js"],
  },
  // Mutated by scripts/mutate-assembly.mjs.
  assembly: {
    mutate: [],
    include: [registryTests, "test/core/{builds,memory,rounding}.test.js", "test/threads/{ends,registry}.test.js"],
  },
};

/** The wing that this run is about: scripts/mutate-source.mjs sets its name for Stryker's processes, too. */
export function wing() {
  const { mutate, include, slow = [], dist = false } = WINGS[process.env.MUTATED_WING];
  return { mutate, include, dist, exclude: SLOW.filter((pattern) => !slow.includes(pattern)) };
}
