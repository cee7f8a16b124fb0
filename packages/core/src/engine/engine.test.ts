import { expect, test } from 'vitest';
import { Generator } from '../ground/random.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { drawing, runStep, type StepContext, stepContext } from './engine.ts';

const context = (name: string): StepContext => ({
  inputs: {},
  state: () => {
    throw new Error(`no state in ${name}`);
  },
  supply: () => {
    throw new Error(`no supply in ${name}`);
  },
});

const none = { outputs: {} };

test('the context is that of the step that runs, and of the outer one after an inner one', () => {
  const [outer, inner] = [context('outer'), context('inner')];
  const seen: StepContext[] = [];
  const result = runStep(() => {
    seen.push(stepContext('x'));
    runStep(() => {
      seen.push(stepContext('x'));
      return none;
    }, inner);
    seen.push(stepContext('x'));
    return none;
  }, outer);
  expect(seen).toEqual([outer, inner, outer]);
  expect(seen[1]).toBe(inner);
  expect(result).toBe(none);
});

test('outside steps there is none, also after one that failed', () => {
  const outside = expect.objectContaining({ code: 'SLOT_OUTSIDE_STEP', where: 'temperature' });
  expect(() => stepContext('temperature')).toThrow(outside);
  const fail = () => {
    throw new Error('inside');
  };
  expect(() => runStep(fail, context('a'))).toThrow('inside');
  expect(() => stepContext('temperature')).toThrow(outside);
});

test('random numbers are supplied in their shape, from the generator of that time', () => {
  let next: (() => unknown) | undefined;
  const asked: unknown[] = [];
  const supplying: StepContext = {
    ...context('a'),
    supply: (name, shape, dtype, draw): Tensor => {
      asked.push([name, shape, dtype]);
      next = draw;
      return tf.scalar(0);
    },
  };
  let generator = new Generator(1);
  drawing(supplying, () => generator)('noise', [2, 3], 'normal').dispose();
  expect(asked).toEqual([['noise', [2, 3], 'float32']]);
  expect(next?.()).toEqual(new Generator(1).array(6, 'normal'));
  generator = new Generator(2);
  expect(next?.()).toEqual(new Generator(2).array(6, 'normal'));
});
