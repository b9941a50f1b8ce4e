// Runs one part of the benchmark in its own process and writes the result to standard output as JSON.

const [name, optionsJson] = process.argv.slice(2);
const { default: part } = await import(`./parts/${name}.js`);
process.stdout.write(JSON.stringify(await part(JSON.parse(optionsJson))));
