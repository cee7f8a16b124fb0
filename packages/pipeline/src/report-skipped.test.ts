import { expect, test } from 'vitest';
import type { PipelineEvent } from './events.ts';
import { reportSkipped } from './report-skipped.ts';

test('what was left out is told, once, and nothing where all is there', () => {
  const events: PipelineEvent[] = [];
  const on = (event: PipelineEvent) => events.push(event);
  for (const skipped of [{ IMAGE_READ: 2 } as Record<string, number>, {}, undefined])
    reportSkipped(on, 'val', { skipped });
  expect(events).toEqual([{ type: 'skipped', where: 'val', entries: { IMAGE_READ: 2 } }]);
});
