export {};
//# sourceMappingURL=activations.d.ts.map