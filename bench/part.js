// Runs one part in this process, of its own, and writes what it found to the standard output as JSON.

const [name, optionsJson] = process.argv.slice(2);
const { default: part } = await import(`./parts/${name}.js`);
process.stdout.write(JSON.stringify(await part(JSON.parse(optionsJson))));
