import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const program = fileURLToPath(new URL('mpi-train.ts', import.meta.url));
const node = [process.execPath, '--import', fileURLToPath(import.meta.resolve('tsx')), program];

const TWO = ['mpirun.openmpi', '--allow-run-as-root', '--oversubscribe', '-np', '2'];

interface Trained {
  readonly losses: readonly number[];
  readonly validation: readonly number[];
}

/** @param starter the command that starts the processes */
async function trained(model: string, starter: readonly string[] = []): Promise<Trained> {
  const [command, ...rest] = [...starter, ...node, model];
  const { stdout } = await run(command!, rest);
  return JSON.parse(stdout) as Trained;
}

const isThere = await run('mpirun.openmpi', ['--version']).then(
  () => true,
  () => false,
);

test.skipIf(!isThere).each(['vit', 'mobilevit'])(
  'two processes of Open MPI take the path of one on ONNX Runtime, %s',
  async (model) => {
    const one = await trained(model);
    const two = await trained(model, TWO);
    expect(one.losses).toHaveLength(20);
    for (const key of ['losses', 'validation'] as const)
      one[key].forEach((value, i) => {
        expect(two[key][i]).toBeCloseTo(value, 5);
      });
  },
);
