import { availableParallelism } from 'node:os';
import { alone } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { coresOfList, ownCores, shareOfCores } from './own-cores.ts';

const place = (host: string, list: string) => ({ host, cores: coresOfList(list) });

test('lists of cores are read as Linux writes them', () => {
  expect(coresOfList('0-2,5,8-9')).toEqual([0, 1, 2, 5, 8, 9]);
  expect(coresOfList('3')).toEqual([3]);
});

test('one process has all cores that it may run on', async () => {
  expect(await ownCores(alone)).toBe(availableParallelism());
});

test('processes that are bound have their own, and others share', () => {
  const bound = [place('a', '0'), place('a', '1')];
  expect(bound.map((_, rank) => shareOfCores(bound, rank))).toEqual([1, 1]);
  const free = ['a', 'a', 'a', 'b'].map((host) => place(host, '0-8'));
  expect(free.map((_, rank) => shareOfCores(free, rank))).toEqual([3, 3, 3, 9]);
  const sockets = [place('a', '0-3'), place('a', '0-3'), place('a', '4-7')];
  expect(sockets.map((_, rank) => shareOfCores(sockets, rank))).toEqual([2, 2, 4]);
});

test('where there are more processes than cores, each has one', () => {
  const many = Array.from({ length: 5 }, () => place('a', '0-1'));
  expect(shareOfCores(many, 4)).toBe(1);
});
