import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { exportCases } from './export-cases.ts';
import { writeExports } from './exported-files.ts';

const python = process.env.PYTHON ?? 'python3';
const hasOnnx =
  spawnSync(python, ['-c', 'import onnx, onnxruntime, safetensors.numpy']).status === 0;
const script = fileURLToPath(new URL('check_exports.py', import.meta.url));

// `PYTHON=... npm test -- tools/integration/src/python-exports.test.ts`, where that Python has onnx, onnxruntime and safetensors.
test.skipIf(!hasOnnx)(
  "ONNX' checker, shape inference and evaluator, ONNX Runtime, its quantisers and the fp16 converter take every file",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kcr-exports-'));
    try {
      await writeExports(folder, exportCases);
      const { stdout, stderr, status } = spawnSync(python, [script, folder], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(status, stderr).toBe(0);
      const lines = stdout.trim().split('\n');
      const failed = lines.map((line) => JSON.parse(line)).filter((r) => Object.keys(r.failed)[0]);
      expect(failed).toEqual([]);
      expect(lines).toHaveLength(Object.keys(exportCases).length);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);
