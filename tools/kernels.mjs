// npm run kernels: writes NAME-kernel.ts from each NAME.wat below. With --check it writes nothing and fails where a file is
// another.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import makeWabt from 'wabt';

/** Kernels, without their ending, as seen from the root. */
const kernels = ['packages/data/src/resample', 'packages/features/src/products'];

const wabt = await makeWabt();
for (const kernel of kernels) {
  const path = fileURLToPath(new URL(`../${kernel}`, import.meta.url));
  const name = basename(path);
  const page = `${path}-kernel.ts`;
  const source = readFileSync(`${path}.wat`, 'utf8');
  const parsed = wabt.parseWat(`${name}.wat`, source, { simd: true });
  parsed.validate();
  const { buffer } = parsed.toBinary({});
  const text = `// Written by \`npm run kernels\` from ${name}.wat.

/** WebAssembly of the loops in ${name}.wat, as base64. */
export const ${name.toUpperCase()}_KERNEL =
  '${Buffer.from(buffer).toString('base64')}';
`;
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readFileSync(page, 'utf8') !== text) {
    console.error(`${name}-kernel.ts is stale: npm run kernels`);
    process.exitCode = 1;
  }
}
