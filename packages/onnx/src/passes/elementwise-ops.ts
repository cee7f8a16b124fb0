const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Ops that compute each value of one array from itself; what else they read is constant and one number. */
export const UNARY = words(
  'Abs Cast Ceil Clip Cos Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Mish Neg Not Reciprocal Relu Round Sigmoid Sign Sin Softplus Sqrt Tanh',
);

/** Ops that compute each value from those in the same place of two arrays, which broadcast. */
export const BINARY = words(
  'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or Pow PRelu Sub',
);
