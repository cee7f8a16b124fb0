import { readFile } from 'node:fs/promises';
import { evaluate, exportCheckpoint, loadCheckpoint } from '@kcr/pipeline';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('the file is the model as ONNX, with an open or a fixed batch', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  const loaded = await loadCheckpoint(folder.at('model'));
  const file = folder.at('model.onnx');
  for (const [options, batch, said] of [
    [['--opset', '17'], undefined, 'batch'],
    [['--batch', '2', '--opset', '17'], 2, 2],
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
    expect(bytes.equals(await exportCheckpoint(loaded, { batch, opset: 17 }))).toBe(true);
    expect(JSON.parse(out)).toEqual({ file, bytes: bytes.length, input: [said, 3, 8, 8] });
  }
});

test("--check gives the file's figures beside the checkpoint's", async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const [model, data] = [folder.at('model'), folder.at('data')];
  const { n, ...expected } = await evaluate(model, { data });
  // Four images: a batch of three is filled up.
  for (const batch of [[], ['--batch', '3']]) {
    const given = ['export', model, '--out', folder.at('x.onnx'), '--check', data, ...batch];
    const { out, err } = await kcr(...given, '--json');
    expect(err).toBe('');
    const { check } = JSON.parse(out);
    expect([check.n, check.checkpoint]).toEqual([n, expected]);
    for (const [name, value] of Object.entries(expected))
      expect(check.file[name]).toBeCloseTo(value, 5);
    const { out: text } = await kcr(...given);
    expect(text).toMatch(/^images +4$/m);
    expect(text).toMatch(/^ +checkpoint +file$/m);
    expect(text).toMatch(/^top1 +[\d.]+ +[\d.]+$/m);
  }
});

test.each(['fp16', 'int8', 'int8-dynamic', 'int8-weights'])(
  '--precision %s: a smaller file that sees nearly the same',
  async (precision) => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    await writeClassFolders(folder.at('data'));
    const [file, data] = [folder.at('x.onnx'), folder.at('data')];
    const numbers = ['--precision', precision, '--calibrate', data, '--images', '3'];
    const given = ['export', folder.at('model'), '--out', file, ...numbers, '--check', data];
    const { out, err } = await kcr(...given, '--json');
    expect(err).toBe('');
    const { check } = JSON.parse(out);
    expect(Math.abs(check.file.loss - check.checkpoint.loss)).toBeLessThan(0.05);
    expect(check.file.loss).not.toBe(check.checkpoint.loss);
  },
);

test('--optimise writes a file for the runtime beside the plain one', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const given = ['export', folder.at('model'), '--out', folder.at('x.onnx'), '--opset', '20'];
  await kcr(...given);
  const plain = await readFile(folder.at('x.onnx'));
  const optimise = ['--optimise', 'onnxruntime', '--check', folder.at('data'), '--json'];
  const { out, err } = await kcr(...given, ...optimise);
  expect(err).toBe('');
  const { file, onnxruntime, check } = JSON.parse(out);
  expect(await readFile(file)).toEqual(plain);
  expect(onnxruntime.file).toBe(folder.at('x.onnxruntime.onnx'));
  const bytes = await readFile(onnxruntime.file);
  expect(bytes.length).toBe(onnxruntime.bytes);
  expect(bytes.includes('MultiHeadAttention')).toBe(true);
  expect(plain.includes('MultiHeadAttention')).toBe(false);
  for (const [name, value] of Object.entries(check.checkpoint))
    expect(check.onnxruntime[name]).toBeCloseTo(value as number, 5);
});

test.each([
  ['CHECKPOINT_READ', 'nothing', []],
  ['ONNX_OPSET', 'model', ['--opset', '16']],
  ['FOLDER_READ', 'model', ['--check', 'nowhere']],
  ['FOLDER_READ', 'model', ['--precision', 'int8', '--calibrate', 'nowhere']],
  ['ONNX_CALIBRATION', 'model', ['--precision', 'int8']],
  ['OPTION', 'model', ['--optimise', 'onnxruntime', '--precision', 'fp16']],
  ['OPTION', 'model', ['--optimise', 'onnxruntime', '--for', 'transformers.js']],
  ['ONNX_MODULE', 'model', ['--precision', 'int8-dynamic', '--float', 'heads']],
])('%s for %s %j', async (said, model, options) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  const given = [folder.at(model), '--out', folder.at('x.onnx'), ...options];
  const { err, code } = await kcr('export', ...given);
  expect(err).toContain(`kcr: ${said}\n`);
  expect(code).toBe(1);
});
