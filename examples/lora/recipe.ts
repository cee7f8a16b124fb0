import type { RecipeInput } from '@kcr/pipeline';

/** Fits published weights to new classes by LoRA and the classifier alone. */
export default {
  name: 'lora',
  model: { name: 'deit_tiny_patch16_224', pretrained: 'hf://timm/deit_tiny_patch16_224.fb_in1k' },
  data: { resizedCrop: {}, augment: ['horizontalFlip'] },
  adapters: [{ use: 'kcr-example-lora#lora', options: { rank: 8 } }],
  retrain: {
    epochs: 10,
    batchSize: 32,
    initial: 'pretrained',
    optimizer: { lr: 1e-3 },
    trainable: Array.from({ length: 12 }, (_, i) =>
      ['lora_q', 'lora_v'].map((name) => `blocks.${i}.attn.${name}`),
    )
      .flat()
      .concat('head'),
  },
} satisfies RecipeInput;
