import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createEagerEngine, type Engine, KcrError } from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { runAdamWCase } from './adamw.ts';
import { readCases, runCase } from './cases.ts';

/** npm run parity -- DIR: reference cases on both engines; exit 1 above this relative error. */
const LIMIT = 2e-4;

async function main(directory: string): Promise<boolean> {
  const engines: (() => Engine | Promise<Engine>)[] = [
    () => createOnnxEngine(),
    () => createEagerEngine(),
  ];
  let good = true;
  let ran = 0;
  const report = (engine: Engine, name: string, errors: Record<string, number>) => {
    ran++;
    for (const [kind, error] of Object.entries(errors)) {
      const fine = error <= LIMIT;
      good &&= fine;
      process.stdout.write(
        `${name.padEnd(14)} ${engine.name.padEnd(12)} ${kind.padEnd(12)} ${error.toExponential(2)}${fine ? '' : '  above the limit'}\n`,
      );
    }
  };
  const cases = existsSync(join(directory, 'cases.json')) ? await readCases(directory) : [];
  for (const create of engines) {
    for (const reference of cases) {
      const engine = await create();
      report(engine, reference.name, await runCase(reference, engine));
      await engine.dispose();
    }
    if (existsSync(join(directory, 'adamw.json'))) {
      const engine = await create();
      report(engine, 'adamw', await runAdamWCase(directory, 'adamw', engine));
      await engine.dispose();
    }
  }
  if (ran === 0)
    throw new KcrError('parity/CASES_READ', {
      where: directory,
      found: 'no case for a model or operator of this project',
      fix: 'Pass a folder with cases.json and NAME.safetensors',
    });
  process.stdout.write(`${ran} cases, ${good ? 'all within' : 'some above'} ${LIMIT}\n`);
  return good;
}

const [directory] = process.argv.slice(2);
if (!directory) {
  process.stderr.write('usage: npm run parity -- DIR\n');
  process.exitCode = 1;
} else {
  try {
    process.exitCode = (await main(resolve(directory))) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof KcrError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
