export * from './distillation.ts';
