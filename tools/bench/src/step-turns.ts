// tsx step-turns.ts [--torch 'PYTHON SCRIPT'] MODEL ENGINE...: AdamW steps of a model by PyTorch and by engines, one of each in turn. Prints a table in
// Markdown.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, table } from './tables.ts';
import { inTurn, MEMORY_KEPT, type OtherProcess, processOf } from './turns.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { torch: { type: 'string' } },
});
const [model, ...engines] = positionals as [string, ...string[]];
const TURNS = { runs: 20, warmUp: 3, pause: 300 };

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const ours = (engine: string) =>
  [process.execPath, '--import', 'tsx', path('measure.ts'), 'steps', model, engine] as const;

const contestants: OtherProcess[] = [];
if (values.torch) {
  const [python, script] = values.torch.split(' ') as [string, string];
  const torch = [python, script, model, 'steps'] as const;
  contestants.push(await processOf('PyTorch eager', torch, MEMORY_KEPT));
  contestants.push(await processOf('PyTorch eager, memory given back', torch));
}
for (const engine of engines) contestants.push(await processOf(engine, ours(engine)));
const times = await inTurn(contestants, TURNS);
/** The middle of the ratios of steps in turn, with their quarters. */
function ratio(i: number, to: number): string {
  const ratios = times[i]!.map((ms, run) => ms / times[to]![run]!).toSorted((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) =>
    ratios[Math.floor(part * ratios.length)]!.toFixed(2),
  );
  return `${middle} (${low} to ${high})`;
}
const lines: string[][] = [];
for (const [i, contestant] of contestants.entries()) {
  const said = JSON.parse((await contestant.end()) ?? '{}');
  lines.push([
    contestant.name,
    median(times[i]!).toFixed(0),
    ratio(i, 0),
    values.torch ? ratio(i, 1) : '',
    said.peakMB?.toFixed(0) ?? '',
    said.compileMs?.toFixed(0) ?? '',
  ]);
}
const header = [`AdamW step, ${model}`, 'ms', 'ratio', 'to memory given back', 'peak MB'];
table([...header, 'trace + session ms'], lines);
