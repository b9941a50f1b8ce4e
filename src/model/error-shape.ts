// Reads errors of any shape: values that are no objects, getters that throw, revoked proxies, causes in a circle.

/** How far a chain of causes is followed: it may be a circle. */
const MAX_CAUSES = 5;

/** A property of an object; undefined if `value` is none, or if reading the property throws. */
export function read(value: unknown, key: string): unknown {
  try {
    return isObject(value) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  } catch {
    return undefined;
  }
}

/** The error, its cause, the cause of that, and so on. Empty for what is no object. */
export function causeChain(error: unknown): readonly object[] {
  const chain: object[] = [];
  for (let each = error; isObject(each) && chain.length <= MAX_CAUSES; each = read(each, "cause")) chain.push(each);
  return chain;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

export function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === "AbortError";
}
