import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { afterPowerLoss, DiskModel, type Operation, type Tree } from './model.ts';

const text = (tree: Tree, path: string) => tree.get(path)?.toString();

/** Writes a file beside and gives it its name, with a sync or without. */
const replaced = (syncs: boolean): Operation[] => [
  { kind: 'open', path: 'a.tmp', handle: 0, truncate: true },
  { kind: 'write', handle: 0, at: 0, data: Buffer.from('new') },
  ...(syncs ? [{ kind: 'sync', handle: 0 } as const] : []),
  { kind: 'rename', path: 'a.tmp', to: 'a' },
];
const before: Tree = new Map([['a', Buffer.from('old')]]);

/** All contents of the file that power losses leave. */
function contents(operations: readonly Operation[], after: number, reorders = false): unknown[] {
  const found = Array.from({ length: 200 }, (_, seed) =>
    text(afterPowerLoss(before, operations, { after, reorders }, new Generator(seed)), 'a'),
  );
  return [...new Set(found)].sort();
}

test('a file that was synced before it took its name is the old one or the new one', () => {
  const operations = replaced(true);
  for (let after = 0; after < operations.length; after++)
    expect(contents(operations, after)).toEqual(['old']);
  expect(contents(operations, operations.length)).toEqual(['new']);
  // Without an order between folders the name may be lost again.
  expect(contents(operations, operations.length, true)).toEqual(['new', 'old']);
});

test('a file that was not synced is any prefix of the new one', () => {
  const operations = replaced(false);
  expect(contents(operations, operations.length)).toEqual(['', 'n', 'ne', 'new']);
});

test('links share content, folders go with what is in them, what is missing changes nothing', () => {
  const disk = new DiskModel(before);
  const operations: Operation[] = [
    { kind: 'link', path: 'a', to: 'b' },
    { kind: 'open', path: 'b', handle: 1, truncate: false },
    { kind: 'write', handle: 1, at: 2, data: Buffer.from('der') },
    { kind: 'mkdir', path: 'c' },
    { kind: 'open', path: 'c/d', handle: 2, truncate: true },
    { kind: 'open', path: 'none/d', handle: 3, truncate: true },
    { kind: 'write', handle: 3, at: 0, data: Buffer.from('x') },
    { kind: 'rename', path: 'nothing', to: 'a' },
  ];
  for (const operation of operations) disk.apply(operation);
  expect([...disk.tree().keys()]).toEqual(['a', 'b', 'c', 'c/d']);
  expect(text(disk.tree(), 'a')).toBe('older');
  disk.apply({ kind: 'remove', path: 'c' });
  expect([...disk.tree().keys()]).toEqual(['a', 'b']);
});
