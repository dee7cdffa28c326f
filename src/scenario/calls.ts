/**
 * The calls of the scenario language: names, parameters, and how each result is printed.
 *
 * The one table from which the parser checks a statement, the runner evaluates its arguments and
 * the formatter prints its answer. A call with two forms (`pread` to show the bytes, `pread` into
 * memory) stands here twice; the number of arguments tells the forms apart. What a call does is
 * the target's business. A test compares the table in README.md with this one.
 */

/**
 * What an argument is: `number` any 64-bit expression; `transfer` a number of bytes that the runner
 * itself shows, hence limited; `data` bytes; `string` a path or name; `process` the name of a process; `fresh` a name that
 * the call binds to one of its two values, and no argument to the target.
 */
export type ParameterKind = 'number' | 'transfer' | 'data' | 'string' | 'process' | 'fresh';

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Present if the argument may be left out: what it then is. */
  readonly fallback?: bigint;
}

/** How the value of an answer is printed; `nothing` prints `?`. Formats from `bytes` on have no value that could be bound. */
export type ResultFormat =
  | 'number'
  | 'address'
  | 'hex'
  | 'counted-bytes'
  | 'size'
  | 'struct'
  | 'pair'
  | 'mode'
  | 'times'
  | 'lock'
  | 'residency'
  | 'process'
  | 'maps'
  | 'pagemap'
  | 'bytes'
  | 'smaps'
  | 'vmflags'
  | 'fields'
  | 'status'
  | 'nothing';

/** For a call that places memory: the parameters that name an address asked for, and the one that is the length. */
export interface Placement {
  readonly asked: readonly number[];
  /** Absent: the answer says it. */
  readonly length?: number;
}

export interface CallShape {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: ResultFormat;
  readonly placement?: Placement;
  /** For a call that makes a process: it has the memory of its maker. */
  readonly shares?: true;
}

const UNBINDABLE: readonly ResultFormat[] = ['bytes', 'smaps', 'vmflags', 'fields', 'status', 'nothing'];

function number(name: string): Parameter {
  return { name, kind: 'number' };
}

function optional(name: string, fallback: bigint): Parameter {
  return { name, kind: 'number', fallback };
}

function string(name: string): Parameter {
  return { name, kind: 'string' };
}

function fresh(name: string): Parameter {
  return { name, kind: 'fresh' };
}

const FD = number('fd');
const ADDR = number('addr');
const LEN = number('len');
const OFF = number('off');
const FLAGS = number('flags');
const IOV = number('iov');
const IOVCNT = number('iovcnt');
const VALUE = number('value');
const SHOWN: Parameter = { name: 'len', kind: 'transfer' };
const DATA: Parameter = { name: 'data', kind: 'data' };
const PATH = string('path');
const CHILD: Parameter = { name: 'name', kind: 'process' };

/** Every call, in the order of the README. */
export const CALLS: readonly CallShape[] = [
  { name: 'open', parameters: [PATH, FLAGS, optional('mode', 0o644n)], result: 'number' },
  { name: 'dup', parameters: [FD], result: 'number' },
  { name: 'pipe', parameters: [fresh('r'), fresh('w'), optional('flags', 0n)], result: 'pair' },
  { name: 'socketpair', parameters: [fresh('a'), fresh('b'), optional('flags', 0n)], result: 'pair' },
  { name: 'memfd_create', parameters: [string('name'), FLAGS], result: 'number' },
  { name: 'close', parameters: [FD], result: 'number' },
  { name: 'unlink', parameters: [PATH], result: 'number' },
  { name: 'rename', parameters: [string('from'), string('to')], result: 'number' },
  { name: 'mkdir', parameters: [PATH, optional('mode', 0o777n)], result: 'number' },
  { name: 'rmdir', parameters: [PATH], result: 'number' },
  { name: 'link', parameters: [string('old'), string('new')], result: 'number' },
  { name: 'symlink', parameters: [string('target'), PATH], result: 'number' },
  { name: 'chmod', parameters: [PATH, number('mode')], result: 'number' },
  { name: 'fchmod', parameters: [FD, number('mode')], result: 'number' },
  { name: 'fcntl', parameters: [FD, number('cmd'), optional('arg', 0n)], result: 'number' },
  {
    name: 'fcntl',
    parameters: [FD, number('cmd'), number('type'), number('whence'), number('start'), LEN],
    result: 'lock',
  },
  { name: 'flock', parameters: [FD, number('op')], result: 'number' },
  { name: 'truncate', parameters: [PATH, LEN], result: 'number' },
  { name: 'ftruncate', parameters: [FD, LEN], result: 'number' },
  { name: 'fallocate', parameters: [FD, number('mode'), OFF, LEN], result: 'number' },
  { name: 'fsync', parameters: [FD], result: 'number' },
  { name: 'fdatasync', parameters: [FD], result: 'number' },
  { name: 'sync', parameters: [], result: 'number' },
  { name: 'syncfs', parameters: [FD], result: 'number' },
  { name: 'sync_file_range', parameters: [FD, OFF, LEN, FLAGS], result: 'number' },
  { name: 'posix_fadvise', parameters: [FD, OFF, LEN, number('advice')], result: 'number' },
  { name: 'readahead', parameters: [FD, OFF, LEN], result: 'number' },
  { name: 'pread', parameters: [FD, SHOWN, OFF], result: 'counted-bytes' },
  { name: 'pread', parameters: [FD, ADDR, LEN, OFF], result: 'number' },
  { name: 'read', parameters: [FD, SHOWN], result: 'counted-bytes' },
  { name: 'read', parameters: [FD, ADDR, LEN], result: 'number' },
  { name: 'pwrite', parameters: [FD, DATA, OFF], result: 'number' },
  { name: 'pwrite', parameters: [FD, ADDR, LEN, OFF], result: 'number' },
  { name: 'write', parameters: [FD, DATA], result: 'number' },
  { name: 'write', parameters: [FD, ADDR, LEN], result: 'number' },
  { name: 'readv', parameters: [FD, IOV, IOVCNT], result: 'number' },
  { name: 'preadv', parameters: [FD, IOV, IOVCNT, OFF], result: 'number' },
  { name: 'writev', parameters: [FD, IOV, IOVCNT], result: 'number' },
  { name: 'pwritev', parameters: [FD, IOV, IOVCNT, OFF], result: 'number' },
  { name: 'lseek', parameters: [FD, OFF, number('whence')], result: 'number' },
  { name: 'fstat', parameters: [FD], result: 'size' },
  { name: 'fstat_mode', parameters: [FD], result: 'mode' },
  { name: 'times', parameters: [FD], result: 'times' },
  {
    name: 'mmap',
    parameters: [ADDR, LEN, number('prot'), FLAGS, FD, OFF],
    result: 'address',
    placement: { asked: [0], length: 1 },
  },
  {
    name: 'mremap',
    parameters: [number('old'), number('oldlen'), number('newlen'), FLAGS, optional('newaddr', 0n)],
    result: 'address',
    placement: { asked: [0, 4], length: 2 },
  },
  {
    name: 'remap_file_pages',
    parameters: [ADDR, LEN, number('prot'), number('pgoff'), FLAGS],
    result: 'number',
  },
  { name: 'munmap', parameters: [ADDR, LEN], result: 'number' },
  { name: 'mprotect', parameters: [ADDR, LEN, number('prot')], result: 'number' },
  { name: 'msync', parameters: [ADDR, LEN, FLAGS], result: 'number' },
  { name: 'madvise', parameters: [ADDR, LEN, number('advice')], result: 'number' },
  { name: 'mlock', parameters: [ADDR, LEN], result: 'number' },
  { name: 'mlock2', parameters: [ADDR, LEN, FLAGS], result: 'number' },
  { name: 'munlock', parameters: [ADDR, LEN], result: 'number' },
  { name: 'mlockall', parameters: [FLAGS], result: 'number' },
  { name: 'munlockall', parameters: [], result: 'number' },
  { name: 'mseal', parameters: [ADDR, LEN, FLAGS], result: 'number' },
  { name: 'mincore', parameters: [ADDR, LEN], result: 'residency' },
  { name: 'mincore', parameters: [ADDR, LEN, number('vec')], result: 'number' },
  { name: 'brk', parameters: [ADDR], result: 'address' },
  { name: 'sbrk', parameters: [number('n')], result: 'address' },
  { name: 'shmget', parameters: [number('key'), number('size'), FLAGS], result: 'number' },
  { name: 'shmat', parameters: [number('id'), ADDR, FLAGS], result: 'address', placement: { asked: [1] } },
  { name: 'shmdt', parameters: [ADDR], result: 'number' },
  { name: 'shmctl', parameters: [number('id'), number('cmd'), optional('mode', 0n)], result: 'struct' },
  { name: 'shm_open', parameters: [string('name'), FLAGS, optional('mode', 0o600n)], result: 'number' },
  { name: 'shm_unlink', parameters: [string('name')], result: 'number' },
  { name: 'load8', parameters: [ADDR], result: 'hex' },
  { name: 'load16', parameters: [ADDR], result: 'hex' },
  { name: 'load32', parameters: [ADDR], result: 'hex' },
  { name: 'load64', parameters: [ADDR], result: 'hex' },
  { name: 'store8', parameters: [ADDR, VALUE], result: 'number' },
  { name: 'store16', parameters: [ADDR, VALUE], result: 'number' },
  { name: 'store32', parameters: [ADDR, VALUE], result: 'number' },
  { name: 'store64', parameters: [ADDR, VALUE], result: 'number' },
  { name: 'cas8', parameters: [ADDR, number('old'), number('new')], result: 'hex' },
  { name: 'cas16', parameters: [ADDR, number('old'), number('new')], result: 'hex' },
  { name: 'cas32', parameters: [ADDR, number('old'), number('new')], result: 'hex' },
  { name: 'cas64', parameters: [ADDR, number('old'), number('new')], result: 'hex' },
  { name: 'fetchadd8', parameters: [ADDR, number('n')], result: 'hex' },
  { name: 'fetchadd16', parameters: [ADDR, number('n')], result: 'hex' },
  { name: 'fetchadd32', parameters: [ADDR, number('n')], result: 'hex' },
  { name: 'fetchadd64', parameters: [ADDR, number('n')], result: 'hex' },
  { name: 'fetch8', parameters: [ADDR], result: 'hex' },
  { name: 'copyin', parameters: [ADDR, SHOWN], result: 'bytes' },
  { name: 'copyout', parameters: [ADDR, DATA], result: 'number' },
  { name: 'sigaction', parameters: [number('sig'), number('handler')], result: 'number' },
  { name: 'prlimit', parameters: [CHILD, number('resource'), number('n')], result: 'number' },
  {
    name: 'prctl',
    parameters: [number('option'), number('arg2'), optional('arg3', 0n), optional('arg4', 0n), optional('arg5', 0n)],
    result: 'number',
  },
  { name: 'setrlimit', parameters: [number('resource'), number('n')], result: 'number' },
  { name: 'fork', parameters: [], result: 'process' },
  { name: 'vfork', parameters: [], result: 'process', shares: true },
  { name: 'execve', parameters: [PATH], result: 'nothing' },
  { name: 'kill', parameters: [CHILD, number('sig')], result: 'number' },
  { name: 'getrusage', parameters: [string('field')], result: 'number' },
  { name: 'thread', parameters: [], result: 'process', shares: true },
  { name: 'exit_thread', parameters: [number('n')], result: 'nothing' },
  {
    name: 'futex',
    parameters: [ADDR, number('op'), number('val'), optional('timeout', 0xffff_ffff_ffff_ffffn)],
    result: 'number',
  },
  { name: 'process_madvise', parameters: [CHILD, ADDR, LEN, number('advice'), FLAGS], result: 'number' },
  ...['process_vm_readv', 'process_vm_writev'].flatMap((name): CallShape[] => [
    { name, parameters: [CHILD, ADDR, number('raddr'), LEN], result: 'number' },
    {
      name,
      parameters: [CHILD, number('lvec'), number('lcnt'), number('rvec'), number('rcnt'), FLAGS],
      result: 'number',
    },
  ]),
  { name: 'waited', parameters: [], result: 'counted-bytes' },
  { name: 'exit', parameters: [number('n')], result: 'nothing' },
  { name: 'wait', parameters: [CHILD], result: 'status' },
  { name: 'maps', parameters: [], result: 'maps' },
  { name: 'smaps', parameters: [ADDR], result: 'smaps' },
  { name: 'vmflags', parameters: [ADDR], result: 'vmflags' },
  { name: 'pagemap', parameters: [ADDR, LEN], result: 'pagemap' },
  { name: 'status', parameters: [], result: 'fields' },
  { name: 'status', parameters: [string('field')], result: 'number' },
];

const BY_NAME: ReadonlyMap<string, readonly CallShape[]> = groupByName();

function groupByName(): Map<string, CallShape[]> {
  const groups = new Map<string, CallShape[]>();
  for (const shape of CALLS) groups.set(shape.name, [...(groups.get(shape.name) ?? []), shape]);
  return groups;
}

/** The forms of a call; empty if there is no such call. */
export function formsOf(name: string): readonly CallShape[] {
  return BY_NAME.get(name) ?? [];
}

/** The names of all calls. */
export function callNames(): Iterable<string> {
  return BY_NAME.keys();
}

/** Whether `count` arguments are right for this form. */
export function takes(shape: CallShape, count: number): boolean {
  const required = shape.parameters.filter((parameter) => parameter.fallback === undefined).length;
  return count >= required && count <= shape.parameters.length;
}

/** Whether `name =` may stand before the call. */
export function isBindable(shape: CallShape): boolean {
  return !UNBINDABLE.includes(shape.result);
}

/** The call as the documentation writes it: `open("path", flags[, mode])`. */
export function signatureOf(shape: CallShape): string {
  const parts = shape.parameters.map((parameter, index) => {
    const comma = index === 0 ? '' : ', ';
    const shown = parameter.kind === 'string' ? `"${parameter.name}"` : parameter.name;
    return parameter.fallback === undefined ? `${comma}${shown}` : `[${comma}${shown}]`;
  });
  return `${shape.name}(${parts.join('')})`;
}
