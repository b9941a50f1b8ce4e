// What hosts may lack. Importing the package needs none of it; making a registry does.

/** @throws Error that names the globals that are missing. */
export function requireGlobals(...names: readonly string[]): void {
  const missing = names.filter((name) => (globalThis as Record<string, unknown>)[name] === undefined);
  if (missing.length === 0) return;
  const are = missing.length === 1 ? "is" : "are";
  throw new Error(`nrpc-metrics needs ${missing.join(" and ")}, which ${are} missing here`);
}
