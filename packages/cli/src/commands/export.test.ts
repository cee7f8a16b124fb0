import { readFile } from 'node:fs/promises';
import { exportOnnx } from '@kcr/onnx';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint } from '../testing.ts';

test('the file is the model as ONNX, with an open or a fixed batch', async () => {
  await using folder = await temporaryFolder();
  const { model, weights } = await tinyCheckpoint(folder.at('model'));
  const file = folder.at('model.onnx');
  for (const [options, batch, said] of [
    [[], undefined, 'batch'],
    [['--batch', '2'], 2, 2],
  ] as const) {
    const { out, err } = await kcr(
      'export',
      folder.at('model'),
      '--out',
      file,
      '--json',
      ...options,
    );
    expect(err).toBe('');
    const bytes = await readFile(file);
    expect(bytes.equals(await exportOnnx(model, weights, { batch }))).toBe(true);
    expect(JSON.parse(out)).toEqual({ file, bytes: bytes.length, input: [said, 3, 8, 8] });
  }
});

test('CHECKPOINT_READ where there is none', async () => {
  const { err, code } = await kcr('export', 'nothing', '--out', 'nothing.onnx');
  expect(err).toContain('kcr: CHECKPOINT_READ\n');
  expect(code).toBe(1);
});
