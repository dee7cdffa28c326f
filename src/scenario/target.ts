/**
 * What can run the calls of a scenario: the simulated machine, a real kernel, a recording.
 *
 * The runner evaluates arguments and prints; a target only carries calls out and says what came of
 * them. Processes and threads are small numbers given by the runner: `main` is 0, and each call
 * that makes one carries its number. Numbers are unsigned 64-bit bigints both ways. A target throws `UserError`
 * for a directive that is wrong, and nothing for what a call does.
 */

/** `bigint` for numbers, addresses and processes; bytes for data; text for paths and names. */
export type CallArgument = bigint | Uint8Array | string;

/**
 * One call with its arguments in the order of calls.ts; those left out have their fallback. The
 * argument of `wait` is the number of the process; `fork` and `thread` get the number of what they make.
 */
export interface TargetCall {
  readonly name: string;
  readonly args: readonly CallArgument[];
}

export interface SignalInfo {
  /** `SIGSEGV`, `SIGBUS`, `SIGXFSZ`. */
  readonly name: string;
  /** `SEGV_MAPERR`, `BUS_ADRERR`, `SI_USER`, as siginfo names it. */
  readonly code: string;
  /** si_addr; undefined for a signal that has none (SIGXFSZ). */
  readonly address?: bigint | undefined;
}

/** One line of /proc/PID/maps. */
export interface MapsEntry {
  readonly start: bigint;
  /** The first address behind the mapping. */
  readonly end: bigint;
  /** `rw-p` */
  readonly perms: string;
  /** In bytes. */
  readonly offset: bigint;
  /** As printed: a file's base name (with ` (deleted)`), `[heap]`, `/memfd:NAME (deleted)`; empty for anonymous memory. */
  readonly path: string;
}

/** The fields of smaps that a scenario prints, in this order. */
export const SMAPS_FIELDS = [
  'Rss',
  'Pss',
  'Shared_Clean',
  'Shared_Dirty',
  'Private_Clean',
  'Private_Dirty',
  'Anonymous',
  'Swap',
  'Locked',
] as const;

/** In KiB. */
export type SmapsRecord = Readonly<Record<(typeof SMAPS_FIELDS)[number], number>>;

/** Pages that one `pagemap` shows are fewer. */
export const PAGEMAP_PAGES_MAX = 256n * 1024n;

/** The fields of /proc/PID/status that a scenario prints, in this order. */
export const STATUS_FIELDS = [
  'VmSize',
  'VmLck',
  'VmRSS',
  'RssAnon',
  'RssFile',
  'RssShmem',
  'VmData',
  'VmStk',
  'VmLib',
] as const;

/** In KiB. */
export type StatusRecord = Readonly<Record<(typeof STATUS_FIELDS)[number], number>>;

export type WaitStatus =
  | { readonly state: 'exited'; readonly code: number }
  | { readonly state: 'killed'; readonly signal: string }
  | { readonly state: 'running' };

/** What came of a call. */
export type Answer =
  /**
   * It succeeded: a number, an address (`length`: how much lies there, where no argument says it), 0. How it is printed stands in calls.ts.
   * A signal may have come with it (a write that had to wait and was done in part), which was caught.
   */
  | { readonly kind: 'value'; readonly value: bigint; readonly length?: bigint; readonly signal?: SignalInfo }
  /** A number and what else it tells, by the names of the C structure: printed `0 {mode=0600, shm_nattch=1}`. */
  | { readonly kind: 'struct'; readonly value: bigint; readonly members: Readonly<Record<string, bigint>> }
  /** `pread`, `read`, `copyin` that show what they read; its length is the result. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `pipe` and `socketpair`: two descriptors. */
  | { readonly kind: 'pair'; readonly values: readonly [bigint, bigint] }
  /** `fstat_mode`: st_mode, and st_nlink of what is no directory. */
  | { readonly kind: 'mode'; readonly mode: number; readonly links: number | undefined }
  /** `times`: those of `atime`, `mtime`, `ctime` that are others than when it was last asked. */
  | { readonly kind: 'times'; readonly changed: readonly string[] }
  /** `fcntl` with F_GETLK: the type (F_UNLCK if nothing is in the way), and the bytes of the lock. */
  | { readonly kind: 'lock'; readonly type: number; readonly start: bigint; readonly length: bigint }
  /** `fstat` */
  | { readonly kind: 'size'; readonly size: bigint }
  /** `mincore`: a byte a page, of which the lowest bit counts. */
  | { readonly kind: 'residency'; readonly pages: Uint8Array }
  | { readonly kind: 'maps'; readonly entries: readonly MapsEntry[] }
  /** `smaps`: undefined if no mapping is there. */
  | { readonly kind: 'smaps'; readonly record: SmapsRecord | undefined }
  /** `vmflags`: undefined if no mapping is there. */
  | { readonly kind: 'vmflags'; readonly flags: readonly string[] | undefined }
  /** `pagemap`: a letter a page. */
  | { readonly kind: 'pagemap'; readonly letters: string }
  /** `status` of all fields. */
  | { readonly kind: 'fields'; readonly record: StatusRecord }
  /** `wait` */
  | { readonly kind: 'status'; readonly status: WaitStatus }
  /** It failed. `errno` is a name such as `EFBIG`; `signal` came with it and was caught. */
  | { readonly kind: 'errno'; readonly errno: string; readonly signal?: SignalInfo }
  /** A signal ended it: `outcome` says whether a handler abandoned the call or the process is dead. */
  | { readonly kind: 'signal'; readonly signal: SignalInfo; readonly outcome: 'caught' | 'killed' }
  /** The process died in it of a signal that no handler sees. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** It does not run until another wakes it: it began to wait in this call, or was waiting, and nothing was run. */
  | { readonly kind: 'waiting' }
  /** It runs another program (execve), and nothing was run. */
  | { readonly kind: 'executing' }
  /** Nothing was run, to save whatever runs the target. */
  | { readonly kind: 'refused' }
  /** It ran into a time limit. */
  | { readonly kind: 'timeout' };

/** What a directive may ask about the scenario it stands in. */
export interface DirectiveScope {
  readonly file: string;
  readonly line: number;
  /** The value of a word that is an expression (`A+0x1000`, `p`, `4096`); throws `UserError` if it has none. */
  number(word: string): bigint;
  /** The number of a process by its name; throws `UserError` if there is no such process. */
  process(word: string): number;
  /** An address as the output prints it. */
  address(process: number, address: bigint): string;
}

/**
 * Carries out a directive. The words include its name. Gives what is printed: the first line stands
 * behind `-> = `, others follow indented; no lines at all print `0`.
 */
export type DirectiveHandler = (words: readonly string[], scope: DirectiveScope) => readonly string[];

/** A word of a directive: `number` an expression without blanks, `process` a name, `word` anything. */
export interface DirectiveParameter {
  readonly name: string;
  readonly kind: 'number' | 'process' | 'word';
  /** It may be left out; then so may all behind it. */
  readonly optional?: true;
  /** A `number` that is written out must be smaller; any if absent. */
  readonly below?: number;
  /** What a `word` may be; anything if absent. */
  readonly choices?: readonly string[];
}

export interface Directive {
  /**
   * What the words behind the name must be: checked before anything runs. A name in them that has no value when its
   * turn comes prints `unbound` or `dead`, as it does in a call. Without it any words are taken.
   */
  readonly parameters?: readonly DirectiveParameter[];
  readonly run: DirectiveHandler;
}

/** The shape of a target's address space. */
export interface Bases {
  /** Where the arena begins (`A`). */
  readonly arena: bigint;
  /** In bytes; 1 GiB if absent. */
  readonly arenaSize?: bigint;
  /** The program break at the start (`BRK`). */
  readonly brk: bigint;
  /** Bytes of a page; 4096 if absent. */
  readonly pageSize?: bigint;
  /** First address beyond user space; that of x86-64 if absent. */
  readonly userEnd?: bigint;
}

export interface Target {
  readonly base: Bases;
  /** Whether a process that was made is still there. Asked before each of its calls. */
  isAlive(process: number): boolean;
  /** Runs a call of a process that is alive. */
  call(process: number, call: TargetCall): Answer;
  /** Directive by name; a scenario with any other is refused before anything runs. None if absent. */
  readonly directives?: ReadonlyMap<string, Directive>;
}
