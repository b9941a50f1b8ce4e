// Reads text exposition in which no label value needs escapes.

/** All samples with a service except sums and buckets, by name and labels: `{ 'nrpc_calls_total{service="a"}': 3 }`. */
export function countedSamples(text) {
  const lines = text.split("\n").filter((line) => /\{service=/.test(line) && !/_(sum|bucket)\{/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
