// npm run kernels: writes packages/data/src/resample-kernel.ts from resample.wat. With --check it writes nothing and fails where
// the file is another.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import makeWabt from 'wabt';

const folder = fileURLToPath(new URL('../packages/data/src/', import.meta.url));
const page = `${folder}resample-kernel.ts`;
const wabt = await makeWabt();
const parsed = wabt.parseWat('resample.wat', readFileSync(`${folder}resample.wat`, 'utf8'), {
  simd: true,
});
parsed.validate();
const { buffer } = parsed.toBinary({});
const text = `// Written by \`npm run kernels\` from resample.wat.

/** WebAssembly of the loops in resample.wat, as base64. */
export const RESAMPLE_KERNEL =
  '${Buffer.from(buffer).toString('base64')}';
`;
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('resample-kernel.ts is stale: npm run kernels');
  process.exitCode = 1;
}
