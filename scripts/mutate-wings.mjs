// The wings of src/ that `npm run mutate` knows: what is mutated, and the tests that have to notice.

/** Wait for real time, start other programs or collect garbage: too slow to run for each mutant, and other tests suffice. */
const SLOW = [
  "test/exposition/{openmetrics,promtool,quantile,scrape,text}.test.js",
  "test/registry/{leaks,stack}.test.js",
  "test/threads/{kills,registration,stress}.test.js",
  "test/{http,page}/{chromium,faults,flood,frameworks,memory,prometheus,readers}.test.js",
];

const registryTests = "test/{conformance,model,registry}/*.test.js";

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
  },
  core: {
    mutate: ["src/core/*.ts", "!src/core/*.generated.ts"],
    include: ["test/core/{memory,realms,rounding}.test.js", registryTests],
  },
  threads: {
    mutate: ["src/core/shared/**/*.ts", "src/threads/**/*.ts"],
    include: ["test/threads/*.test.js", "test/core/{memory,realms,rounding}.test.js"],
  },
  server: {
    mutate: ["src/server/**/*.ts"],
    include: ["test/{server,http}/*.test.js"],
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
  runtime: {
    mutate: ["src/runtime/**/*.ts"],
    include: ["test/{runtime,http,server}/*.test.js"],
  },
  // Mutated by scripts/mutate-assembly.mjs.
  assembly: {
    mutate: [],
    include: [registryTests, "test/core/{builds,memory,rounding}.test.js", "test/threads/{ends,registry}.test.js"],
  },
};

/** The wing that this run is about: scripts/mutate-source.mjs sets its name for Stryker's processes, too. */
export function wing() {
  const { include, ...rest } = WINGS[process.env.MUTATED_WING];
  return { ...rest, include, exclude: SLOW };
}
