import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { slurmScript } from './slurm-script.ts';

const job = {
  name: 'kcr-eta',
  tasks: 30,
  command: ['node', '/x/bin.js', 'sweep', "it's.mjs", '--out', 'my runs'],
  folder: '/tmp',
  logs: '/runs/s',
};

test('the script says how many tasks there are, and runs the command', () => {
  expect(
    slurmScript({ ...job, concurrent: 4, time: '04:00:00', cpus: '4', memory: '8G' }),
  ).toBe(`#!/bin/sh
#SBATCH --job-name=kcr-eta
#SBATCH --array=0-29%4
#SBATCH --output=/runs/s/slurm-%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --time=04:00:00
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
cd /tmp || exit
exec node /x/bin.js sweep 'it'\\''s.mjs' --out 'my runs'
`);
});

test('a shell hands on each argument as it is', () => {
  const args = ["it's", 'a b', '$HOME', '`id`', '"', '\\', '*', '; id', 'plain'];
  const script = slurmScript({ ...job, command: ['printf', '%s\\n', ...args] });
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(`${args.join('\n')}\n`);
});

test('of the logs alone `%a` is a pattern, and spaces are in quotes', () => {
  const script = slurmScript({ ...job, logs: '/my runs/100%' });
  expect(script).toContain('#SBATCH --output="/my runs/100%%/slurm-%a.log"\n');
});

test('OPTION: a setting that would begin another line', () => {
  expect(() => slurmScript({ ...job, time: '1\n#SBATCH --uid=0' })).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'sweep submit, time' }),
  );
});
