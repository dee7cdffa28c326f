/**
 * Spoils one argument of a call: unaligned, empty, wrapping, beyond user space, no descriptor, no such flag.
 *
 * Place: behind the writers of statements. Knows arguments by the names of their parameters in the table of calls, so that a new call
 * is spoilt as well. Left out is what a driver on a real kernel refuses (to unmap itself, to fill the machine).
 */
import { type CallShape, formsOf, takes } from '../scenario/calls.ts';
import type { Draws } from './draws.ts';
import { joinParts, partsOf, withArgument } from './statement-text.ts';

type Spoil = (draws: Draws, argument: string) => string;

function oneOf(...values: readonly string[]): Spoil {
  return (draws) => draws.pick(values);
}

// What 32 bits can just hold, and just not, is odd on any machine.
const LENGTH = oneOf('0', '-1', '1', '31*4096', '-4096', '0x4000000000000000', '0xfffff001', '0x100000000');
const SIZE = oneOf('-1', '1', '0x4000000000000000', '-4096', '0x7fffffffffffffff');
const OFFSET = oneOf('-1', '100', '-4096', '0x4000000000000000', '0x7ffffffffffff000', '4095', '0xffffffff000');

const NOWHERE = oneOf('NULL', '0x800000000000', '-4096', '-1', '-12', '0x1000', '0x7ffffffff000', 'A-0x1000');

/** Off by a few bytes, or somewhere nothing can be. */
function address(draws: Draws, argument: string): string {
  return draws.chance(60) ? `${argument}+${draws.pick([1, 8, 2048, 4095])}` : NOWHERE(draws, argument);
}

/** One flag more, one that does not exist, or none at all. */
function flags(more: readonly string[]): Spoil {
  return (draws, argument) => {
    const all = [...more, '0x40000000', '8', '0x100000000'];
    return draws.chance(80) ? `${argument}|${draws.pick(all)}` : draws.pick(['0', ...more]);
  };
}

const FLAGS: Readonly<Record<string, Spoil>> = {
  mmap: flags(['MAP_SHARED', 'MAP_PRIVATE', 'MAP_GROWSDOWN', 'MAP_FIXED_NOREPLACE', 'MAP_SYNC', 'MAP_DENYWRITE']),
  mremap: flags(['MREMAP_FIXED', 'MREMAP_DONTUNMAP', 'MREMAP_MAYMOVE']),
  msync: flags(['MS_ASYNC', 'MS_SYNC', 'MS_INVALIDATE']),
  mlock2: flags(['MLOCK_ONFAULT']),
  mlockall: flags(['MCL_ONFAULT']),
  open: oneOf('O_RDWR|O_CREAT|O_EXCL', 'O_RDONLY|O_DIRECTORY', 'O_RDWR', 'O_WRONLY|O_TRUNC'),
  memfd_create: flags(['MFD_CLOEXEC']),
  shmget: oneOf('IPC_CREAT|IPC_EXCL|0600', '0', '0777', 'IPC_CREAT'),
  shmat: flags(['SHM_RDONLY', 'SHM_RND', 'SHM_REMAP', 'SHM_EXEC']),
  shm_open: oneOf('O_RDWR|O_CREAT|O_EXCL', 'O_RDONLY|O_DIRECTORY', 'O_RDWR', 'O_WRONLY|O_TRUNC'),
  process_madvise: oneOf('1', '-1'),
  remap_file_pages: oneOf('MAP_NONBLOCK', '-1', 'MAP_PRIVATE'),
  sync_file_range: flags(['SYNC_FILE_RANGE_WAIT_BEFORE', 'SYNC_FILE_RANGE_WRITE']),
};

/** What is done to a parameter of a name; `addr` and the like stand for themselves. */
const SPOILS: Readonly<Record<string, Spoil>> = {
  addr: address,
  old: address,
  newaddr: address,
  len: LENGTH,
  oldlen: LENGTH,
  newlen: LENGTH,
  off: OFFSET,
  fd: oneOf('-1', '99', '1', '-100'),
  prot: flags(['PROT_GROWSDOWN', 'PROT_GROWSUP', 'PROT_SEM']),
  advice: oneOf('50', '-1', '7', '5'),
  mode: oneOf('FALLOC_FL_PUNCH_HOLE', '0x80', 'FALLOC_FL_COLLAPSE_RANGE', 'FALLOC_FL_UNSHARE_RANGE', '-1'),
  whence: oneOf('5', '-1', '100'),
  resource: oneOf('99', '-1'),
  id: oneOf('-1', '50', '32768', '0x100000000'),
  key: oneOf('1', 'IPC_PRIVATE', '-1'),
  size: oneOf('0', '-1', '1', '0x8000000000000000', '4096'),
  pgoff: oneOf('-1', '100', '0x8000000000000', '1'),
};

/** Sizes of files, where a length is no length of memory. */
const BY_CALL: Readonly<Record<string, Readonly<Record<string, Spoil>>>> = {
  ftruncate: { len: SIZE },
  truncate: { len: SIZE },
  fallocate: { len: oneOf('0', '-1', '-4096') },
  // A longer transfer than a scenario may show is an error of the file.
  pread: { len: oneOf('0', '1') },
  read: { len: oneOf('0', '1') },
  pwrite: { len: oneOf('0', '1') },
  write: { len: oneOf('0', '1') },
  copyin: { len: oneOf('0', '1') },
  open: { mode: oneOf('0600', '0777') },
  shm_open: { mode: oneOf('0600', '0777') },
  shmctl: { cmd: oneOf('99', '-1', 'IPC_INFO'), mode: oneOf('0', '-1', '0777') },
  // Far away the kernel would have to promise more memory than a machine has, and each has a different answer to that.
  brk: { addr: oneOf('NULL', 'BRK-1', 'BRK-4096', 'A', '-4096', '-1') },
};

/**
 * Copies between two places that may be one: they stay as far into their pages, since what comes of a copy onto bytes that are still to
 * be copied depends on the processor.
 */
const COPIES: Readonly<Record<string, Spoil>> = {
  addr: NOWHERE,
  off: oneOf('-1', '-4096', '0x4000000000000000', '0x7ffffffffffff000', '0xffffffff000'),
};

const COPYING: ReadonlySet<string> = new Set(['pread', 'pwrite', 'process_vm_readv', 'process_vm_writev']);

function spoilOf({ name: call, parameters }: CallShape, place: number): Spoil | undefined {
  const { name, kind } = parameters[place];
  if (kind !== 'number' && kind !== 'transfer') return undefined;
  if (name === 'flags') return FLAGS[call];
  const isCopy = COPYING.has(call) && parameters.some((parameter) => parameter.name === 'addr');
  if (isCopy && COPIES[name] !== undefined) return COPIES[name];
  return BY_CALL[call]?.[name] ?? SPOILS[name];
}

/** The statement with one argument spoilt; as it was if there is none that can be. */
export function spoil(draws: Draws, text: string): string {
  const parts = partsOf(text);
  if (parts === undefined) return text;
  const { call, args } = parts;
  const shape = formsOf(call).find((form) => takes(form, args.length));
  if (shape === undefined) return text;
  const spoils = args.map((_, place) => spoilOf(shape, place));
  const places = args.map((_, place) => place).filter((place) => spoils[place] !== undefined);
  if (places.length === 0) return text;
  const place = draws.pick(places);
  const spoilt = joinParts(withArgument(parts, place, spoils[place]?.(draws, args[place]) ?? args[place]));
  return shape.parameters[place].name === 'len' ? unfilled(spoilt) : unread(spoilt);
}

/** What /dev/random gives cannot be told beforehand. */
function unread(text: string): string {
  return text.replace(/("\/dev\/random", )O_RDWR\)/, '$1O_WRONLY)');
}

/** A mapping of 4 GiB is no error, but filled it would take more memory than a machine has, and each has a different answer to that. */
function unfilled(text: string): string {
  return text.replace(/\|MAP_POPULATE\b/, '');
}
