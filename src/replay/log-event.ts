/**
 * What the lines of a log that are no accesses say, whichever recorder wrote them.
 *
 * Place: nstep-events.ts and lackey-events.ts make these, traced-process.ts acts on them. Numbers
 * are as the kernel saw them: addresses exact, negative results are -errno.
 */

/** One system call with its result. */
export interface RecordedCall {
  /** x86-64 system call number. */
  readonly nr: number;
  /** Up to six arguments; what the log leaves out is 0. Values of 2^63 and more are negative. */
  readonly args: readonly number[];
  /** Result; -errno if it failed; undefined if the log does not say. */
  readonly result: number | undefined;
  /** Text behind each argument where the log shows it (paths), else undefined. */
  readonly texts: readonly (string | undefined)[];
}

export type ForkKind = 'fork' | 'vfork' | 'clone';

export type LogEvent =
  /** execve has succeeded: a new address space, whose first instruction follows. */
  | { readonly kind: 'exec' }
  | { readonly kind: 'call'; readonly call: RecordedCall }
  /** The call that follows (or, in lackey, this one) makes a child, whose accesses are in `log`. */
  | { readonly kind: 'fork'; readonly how: ForkKind; readonly child: number; readonly log: string | undefined }
  /** A signal; `attempt`: the accesses of the instruction that raised it follow, until 'signal-end'. */
  | { readonly kind: 'signal'; readonly signal: number; readonly attempt: boolean }
  | { readonly kind: 'signal-end' }
  | { readonly kind: 'exit' }
  /** An access that shares its line with something else; `what` is READ, WRITE, FETCH or MODIFY. */
  | { readonly kind: 'access'; readonly what: number; readonly va: number; readonly size: number };

/** [start, end); empty: zeros. */
export interface AddressRange {
  start: number;
  end: number;
}

/** Makes events of lines. */
export interface EventReader {
  /** What a line says, in order; nothing for one that means nothing here. Throws `UserError` for a malformed one. */
  read(text: string, line: number): readonly LogEvent[];
  /** Asked before each batch: true once, if the accesses that follow are a new image's although no line says so. */
  startsImage(): boolean;
  /** Accesses in here are the recorder's own doing and are left out. */
  readonly hidden: Readonly<AddressRange>;
}

const SIGN_BIT = 1n << 63n;

/** A hexadecimal word of at most 16 digits as the kernel's `long`; NaN if it is none. Not exact from 2^53 to 2^63. */
export function hexWord(text: string): number {
  if (!/^[0-9a-f]{1,16}$/.test(text)) return Number.NaN;
  if (text.length <= 13) return Number.parseInt(text, 16);
  const value = BigInt(`0x${text}`);
  return Number(value >= SIGN_BIT ? value - (1n << 64n) : value);
}
