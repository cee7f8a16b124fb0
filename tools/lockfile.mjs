// npm run lockfile: makes package-lock.json complete for all platforms and free of registry addresses.
// npm leaves out optional packages of other platforms where its registry lacks them, and `npm ci` then
// refuses the file; their entries follow from the packages that ask for them.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const OS = ['android', 'darwin', 'freebsd', 'linux', 'openbsd', 'openharmony', 'win32'];
const CPU = ['arm64', 'x64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'arm'];

for (const [owner, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = [`${owner}/node_modules/${name}`, `node_modules/${name}`].some(
      (key) => lock.packages[key],
    );
    const os = OS.find((system) => name.includes(system));
    const cpu = CPU.find((arch) => name.includes(arch));
    if (found || !os || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu ? { cpu: [cpu] } : {}),
      ...(entry.dev ? { dev: true } : {}),
      ...(name.includes('musl') ? { libc: ['musl'] } : {}),
      optional: true,
      os: [os],
    };
  }
}
for (const entry of Object.values(lock.packages))
  if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved;
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
