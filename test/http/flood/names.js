// Names of 1,024 bytes of which most take more than one byte in every format.

export const SERVICES = 4096;

/** Quotes take two bytes in the text formats, control characters six in JSON. */
export const hostileName = (i) => `${String(i).padStart(8)}${'"'.repeat(508)}${"\u0001".repeat(508)}`;
