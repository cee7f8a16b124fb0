import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyVit, writeClassFolders } from '../testing.ts';

const training = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };
const masks = { use: '@kcr/masks#gumbelMasks', options: { dims: ['hidden'], budget: 0.9 } };
const recipe = {
  name: 'tiny',
  model: tinyVit,
  data: {},
  search: { ...training, architectureShare: 0.5, plugins: [masks] },
  retrain: training,
};

/** Runs a command over the recipe in a folder with images. */
async function prepare() {
  const folder = await temporaryFolder();
  const file = folder.at('recipe.json');
  await writeFile(file, JSON.stringify(recipe));
  for (const part of ['train', 'test']) await writeClassFolders(folder.at('data', part));
  const run = (command: string, out: string, ...more: string[]) =>
    kcr(
      command,
      file,
      '--data',
      folder.at('data'),
      '--out',
      folder.at(out),
      '--engine',
      'eager',
      ...more,
    );
  return Object.assign(folder, { run });
}

describe('over a recipe', () => {
  test('compress prints the summary, or a table and where the report is', async () => {
    await using folder = await prepare();
    const { out, err, code } = await folder.run('compress', 'run', '--json');
    expect(code).toBe(0);
    // One epoch is too short for a search, as it says.
    expect(err).toMatch(
      /^reading .+\n(warning: gumbel-masks: .+\n){2}search: 1 epoch\nsearch: epoch 1\/1, loss .+\ncompact: 1 epoch\ncompact: epoch 1\/1, loss .+\nanalysis: compact \(1\/1\)\nanalysis: latency\n$/,
    );
    const summary = JSON.parse(out);
    expect(summary).toEqual(JSON.parse(await readFile(folder.at('run', 'summary.json'), 'utf8')));
    const { out: text } = await folder.run('compress', 'run');
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^model +top-1 +parameters +MACs +latency$/);
    expect(lines[1]).toMatch(/^compact +[\d.]+ % /);
    expect(lines.slice(2)).toEqual(['', `report: ${folder.at('run', 'report.html')}`, '']);
    const report = await kcr('report', folder.at('run'), '--json');
    expect(JSON.parse(report.out)).toEqual({ report: folder.at('run', 'report.html') });
  });

  test('search prints the sizes that are left, and retrain takes its selection', async () => {
    await using folder = await prepare();
    const { out } = await folder.run('search', 'run', '--json');
    const { kept, params, macs, denseMacs } = JSON.parse(out);
    const selection = folder.at('run', 'search', 'selection.json');
    const chosen = JSON.parse(await readFile(selection, 'utf8')).kept;
    expect(kept).toEqual({ 'blocks.0.mlp.hidden': chosen['blocks.0.mlp.hidden'].length });
    expect(macs.total).toBeLessThan(denseMacs);
    const retrained = await folder.run('retrain', 'run', '--selection', selection, '--json');
    expect(JSON.parse(retrained.out)).toEqual({
      epochs: 1,
      top1: expect.any(Number),
      top5: 1,
      loss: expect.any(Number),
    });
    const { out: inspected } = await kcr('inspect', folder.at('run', 'compact'), '--json');
    expect(JSON.parse(inspected).params).toBe(params);
  });

  test.each([
    ['nothing.json', undefined],
    ['wrong.json', '{"kept": {"a": 3}}'],
    ['other.json', '{}'],
    ['broken.json', '{'],
  ])('SELECTION_READ for %s', async (name, text) => {
    await using folder = await prepare();
    if (text) await writeFile(folder.at(name), text);
    const { err, code } = await folder.run('retrain', 'run', '--selection', folder.at(name));
    expect(err).toContain('kcr: SELECTION_READ\n');
    expect(code).toBe(1);
  });

  test('REPORT_RUN where no run was', async () => {
    await using folder = await prepare();
    expect((await kcr('report', folder.root)).err).toContain('kcr: REPORT_RUN\n');
  });
});
