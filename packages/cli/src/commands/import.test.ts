import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, tinyVit, writeClassFolders } from '../testing.ts';

test('a bare file beside a name, for other classes and another size', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('given'));
  const { num_classes: _, ...config } = tinyVit.config;
  const own = { ...config, img_size: 16, num_classes: 3 };
  const { out, err, code } = await kcr(
    ...['import', folder.at('given', 'model.safetensors'), '--model', tinyVit.name],
    ...['--config', JSON.stringify(own), '--out', folder.at('own'), '--json'],
  );
  expect(code).toBe(0);
  expect(err).toContain('head drawn for 3 classes; pos_embed 2x2 -> 4x4');
  expect(JSON.parse(out)).toMatchObject({
    taken: expect.arrayContaining(['pos_embed']),
    drawn: ['head.weight', 'head.bias'],
    resized: [{ name: 'pos_embed' }],
    left: ['head.weight', 'head.bias'],
  });
  expect(await readdir(folder.at('own'))).toEqual(['model.json', 'model.safetensors']);
});

test('every command that reads a checkpoint takes a bare file', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('given'));
  await writeClassFolders(folder.at('data'));
  const file = folder.at('given', 'model.safetensors');
  const config = ['--config', JSON.stringify(tinyVit.config)];
  const as = ['--model', tinyVit.name, ...config, '--json'];
  const inspected = await kcr('inspect', file, ...as);
  expect(JSON.parse(inspected.out).params).toBeGreaterThan(0);
  const exported = await kcr('export', file, '--out', folder.at('model.onnx'), ...as);
  expect(JSON.parse(exported.out).input).toEqual(['batch', 3, 8, 8]);
  const named = await kcr(
    'predict',
    folder.at('data', 'dark'),
    '--model',
    file,
    '--out',
    folder.at('p'),
  );
  expect(named.err).toContain('PRETRAINED_MODEL');
  const predicted = await kcr(
    ...['predict', folder.at('data', 'dark'), '--model', file, '--out', folder.at('predicted')],
    ...['--architecture', tinyVit.name, ...config, '--json'],
  );
  expect(JSON.parse(predicted.out).classes).toEqual(['0', '1']);
});
