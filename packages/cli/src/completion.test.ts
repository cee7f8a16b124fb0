import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { completionScript, shells } from './completion.ts';
import { program } from './main.ts';
import { kcr, temporaryFolder } from './testing.ts';

/** What bash proposes for the last of some words, by its own completion. */
function proposed(words: readonly string[], cwd?: string): string[] {
  const script = `${completionScript(program(), 'bash')}
COMP_WORDS=(kcr "$@"); COMP_CWORD=$#
_kcr
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', cwd });
  return out.split('\n').filter((line) => line !== '');
}

describe('bash completes', () => {
  test('commands', () => {
    expect(proposed(['comp'])).toEqual(['compress', 'compare', 'complexity', 'completion']);
    const all = program().commands.map((command) => command.name());
    expect(new Set(proposed(['']))).toEqual(new Set([...all, 'help']));
  });

  test('options of the command, and no others', () => {
    expect(proposed(['compress', '--eval-'])).toEqual(['--eval-every', '--eval-images']);
    expect(proposed(['list', '--eval-'])).toEqual([]);
  });

  test('values of options and arguments that have some to choose from', () => {
    expect(proposed(['compress', 'r.json', '--engine', ''])).toEqual(['onnx', 'eager']);
    expect(proposed(['prune', 'c', '--method', 'b'])).toEqual(['bottom-up-cascade']);
    expect(proposed(['list', 'al'])).toEqual(['allocators']);
    expect(proposed(['completion', 'z'])).toEqual(['zsh']);
  });

  test('commands within a command, and their options', () => {
    expect(proposed(['sweep', 're'])).toEqual(['report']);
    expect(proposed(['sweep', 'submit', 's.mjs', '--sl'])).toEqual(['--slurm']);
  });

  test('files, also with spaces in their names', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.at('my images'));
    await writeFile(folder.at('my recipe.ts'), '');
    expect(proposed(['compress', 'my'], folder.root).toSorted()).toEqual([
      'my images',
      'my recipe.ts',
    ]);
    expect(proposed(['compress', 'r', '--data', 'my i'], folder.root)).toEqual(['my images']);
  });
});

test.each(shells)('%s gets a script by the command, with all commands', async (shell) => {
  const { out, code } = await kcr('completion', shell);
  expect(code).toBe(0);
  expect(out).toBe(completionScript(program(), shell));
  for (const command of program().commands) expect(out).toContain(command.name());
});

test('a shell that is none is refused', async () => {
  const { err, code } = await kcr('completion', 'tcsh');
  expect([err, code]).toEqual([expect.stringContaining('bash, zsh, fish'), 1]);
});
