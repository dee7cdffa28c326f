/**
 * The two kinds of failure that are exceptions: ours and the user's.
 *
 * `InvariantError` is a defect of the machine itself (a mapcount below zero); `UserError` is a
 * sentence for whoever configured or fed the machine: what is wrong, where, what would be right.
 * What a simulated program does wrong is neither: it is an errno or a signal, see errno.ts.
 */

/** Bad input: a configuration, flag, scenario or trace that cannot be right. Exit code 2 on the command line. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** A broken invariant of the machine: always a defect of Faultline, never of its input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws `InvariantError` with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
