// Mutation test of one wing: `npm run mutate -- model`. Fails if fewer than 90 % of its mutants are killed.

import { WINGS } from "./mutate-wings.mjs";

const [name, ...files] = process.argv.slice(2);
if (!Object.hasOwn(WINGS, name)) {
  console.error(`usage: npm run mutate -- WING [FILE...], where WING is ${Object.keys(WINGS).join(", ")}; got ${name}`);
  process.exit(2);
}
process.env.MUTATED_WING = name;
if (name === "assembly") {
  await import("./mutate-assembly.mjs");
} else {
  const { Stryker } = await import("@stryker-mutator/core");
  await new Stryker(files.length > 0 ? { mutate: files } : {}).runMutationTest();
}
