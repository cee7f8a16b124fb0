import { swin } from '@kcr/backbones';
import { expect, test } from 'vitest';
import { heads } from './heads.ts';

test.each(Object.entries(heads))(
  '%s finds itself again by the name in saved models',
  (name, make) => {
    expect(make(swin)).toMatchObject({ name, module: '@kcr/detect' });
  },
);
