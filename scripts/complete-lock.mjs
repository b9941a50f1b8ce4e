// Completes package-lock.json after `npm install`: node scripts/complete-lock.mjs [file]
//
// Tools such as rollup and Biome depend on a binary package for each platform. If a registry mirror has only some of
// these, npm silently omits the others from the lock, and then `npm ci` rejects the lock on every platform. Everything
// that npm needs to skip such a package, or to install it on its platform, follows from the package's name and from
// the package that depends on it, except for the checksum.

import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openbsd", "openharmony", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];
const LIBCS = { gnu: "glibc", gnueabihf: "glibc", glibc: "glibc", musl: "musl", musleabihf: "musl" };

function platformOf(name) {
  const parts = name.split("/").at(-1).split("-");
  const os = parts.find((part) => SYSTEMS.includes(part));
  const cpu = parts.find((part) => PROCESSORS.includes(part));
  if (!os || !cpu) throw new Error(`the name ${name} does not contain a known platform`);
  const libc = os === "linux" ? parts.map((part) => LIBCS[part]).find(Boolean) : undefined;
  return { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
}

const file = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const { packages } = lock;
let added = 0;
for (const [path, { optionalDependencies = {}, license, engines }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (packages[`${path}/node_modules/${name}`] || packages[`node_modules/${name}`]) continue;
    packages[`node_modules/${name}`] = { version, dev: true, license, optional: true, engines, ...platformOf(name) };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${file}: added ${added} packages for other platforms`);
