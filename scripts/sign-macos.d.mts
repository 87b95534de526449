export function signAdHoc(program: Buffer): Buffer;
export function hasFittingSignature(program: Buffer): boolean;
