/**
 * What there is to know about the machine, as far as calls can show it: plain data.
 *
 * A state is made by `initialState` and changed by `step` alone, which works on an immer draft: a
 * state that was given out is frozen and stays what it is. There are no page tables and no frames
 * here; a page is its bytes, and it is missing where nothing was ever stored or read. A page's
 * `Uint8Array` is never written once it is stored, so that states share them.
 *
 * Addresses, lengths, offsets and sizes are unsigned 64-bit bigints in bytes; `pgoff` and the keys
 * of page maps count pages.
 */

import { F_SEAL_SEAL, O_LARGEFILE, O_RDWR } from '../flags.ts';
import type { Answer } from './answer.ts';
import type { Geometry } from './arithmetic.ts';
import type { HugeFile, Lock, Mount, StreamPage, Times } from './file-records.ts';
import type { PageRange } from './page-ranges.ts';
import type { ProcessStatus, SignalName } from './process-status.ts';
import type { Waiting } from './waiting.ts';

export type FileSystemName = 'tmpfs' | 'ext4';

/** A mapping: a range of addresses [start, end) that behaves alike. */
export interface Vma {
  start: bigint;
  end: bigint;
  /** VM_* of vm-flags.ts. */
  flags: number;
  /** The page of the file that stands at `start`; for private anonymous memory what merging compares instead. */
  pgoff: bigint;
  /** Number of the open file behind it; undefined for private anonymous memory. */
  file: number | undefined;
  /** Anonymous memory that was made by mapping /dev/zero: the open file whose name and offsets it bears. */
  zero: number | undefined;
  /** Which family of anonymous pages it belongs to; undefined until something is stored in it privately. */
  anonVma: number | undefined;
  /** The family came from the parent through fork: others do not join it. */
  inherited: boolean;
  /** Of huge pages, private: each that the process has no page of its own for is kept for it in the pool. */
  keeps: boolean;
}

/** A page of a process's own: its bytes, or the mark of MADV_GUARD_INSTALL. */
export type OwnPage = Uint8Array | 'guard';

export interface FileObject {
  type:
    | 'regular'
    | 'directory'
    | 'null'
    | 'zero'
    | 'full'
    | 'random'
    | 'tty'
    | 'no-tty'
    | 'pipe'
    | 'socket'
    | 'proc'
    | 'symlink';
  /** memfds and shared anonymous memory are always on tmpfs. */
  fs: FileSystemName;
  /** Of what no directory names: as /proc/PID/maps prints it, without ` (deleted)`. */
  name: string;
  /** Permissions, as of open's third argument. */
  mode: number;
  deleted: boolean;
  size: bigint;
  /** Of a directory: text -> number of the name. */
  entries: Map<string, number>;
  /** Of a directory: the object of the one it stands in; undefined for the first. */
  parent: number | undefined;
  /** Of a symbolic link: where it leads. */
  target: string;
  /** F_SEAL_ of a file on tmpfs; undefined for what cannot be sealed. */
  seals: number | undefined;
  /** By page number. What is missing is a hole and reads as zeros. */
  pages: Map<bigint, Uint8Array>;
  /** Pages promised when it was made: shared memory that is no memfd. */
  promised: bigint;
  /** Pages that have space on the disk but may still be holes; those in `pages` are none. */
  reserved: PageRange[];
  /** Its pages are huge; undefined for all that live in usual ones. */
  huge: HugeFile | undefined;
  /** Of a pipe or socket: what was written to it and not read. */
  queue: StreamPage[];
  /** Of a socket: the number of the other one. */
  peer: number | undefined;
  /** Those of flock, and those of fcntl. */
  flocks: Lock[];
  locks: Lock[];
  times: Times;
  /** The times when they were last asked for. */
  told: Times | undefined;
}

/** A name in a directory. What was opened by it bears it, even when it is another or gone. */
export interface Name {
  text: string;
  object: number;
  deleted: boolean;
}

/** An open file description: what `open` makes and `dup` and `fork` share. */
export interface OpenFile {
  object: number;
  /** Name of the mount it was found in; undefined for the scenario's own directory and for what has no name. */
  mount: string | undefined;
  /** Number of the name it was opened by; undefined for what no directory names. */
  name: number | undefined;
  readable: boolean;
  writable: boolean;
  /** O_ flags as F_GETFL gives them. */
  flags: number;
  position: bigint;
  /** An attachment of this System V segment. */
  segment: number | undefined;
}

/** A System V shared memory segment. How often it is attached is what its mappings are. */
export interface Segment {
  /** 0 for none, and once it is removed. */
  key: number;
  /** Permissions. */
  mode: number;
  /** IPC_RMID: it goes with the last attachment. */
  removed: boolean;
  /** SHM_LOCK */
  locked: boolean;
  readonly size: bigint;
  /** Number of the object that holds its bytes. */
  readonly object: number;
}

/** The segments by identifier, and what the next identifier depends on. */
export interface Segments {
  readonly byId: Map<number, Segment>;
  nextIndex: number;
  lastIndex: number;
  sequence: number;
}

export type Handler = 'catch' | 'default' | 'ignore';

/** Soft limits of setrlimit, in bytes (nofile: descriptors). */
export interface Limits {
  as: bigint;
  data: bigint;
  memlock: bigint;
  fsize: bigint;
  stack: bigint;
  nofile: bigint;
}

export interface Thread {
  /** Number of its process, which is that of the first thread. */
  process: number;
  /** It has ended by itself. All have that their process is no more. */
  ended: boolean;
  waiting: Waiting | undefined;
  /** What its last call that waited has come to. */
  waited: Answer | undefined;
  /** It runs another program, and makes no calls that are known here. */
  executing: boolean;
}

export interface Process {
  /** The process that made it, until that one ends; undefined for the first. */
  parent: number | undefined;
  status: ProcessStatus;
  /** Its parent has waited for it: nothing is left of it but its number. */
  reaped: boolean;
  /** Descriptor -> number of the open file. */
  descriptors: Map<number, number>;
  /** Descriptors with FD_CLOEXEC. */
  closeOnExec: Set<number>;
  /** It has all capabilities, as user 0 has again after execve. */
  privileged: boolean;
  /** Number of the open file whose program it runs, undefined before any execve. */
  program: number | undefined;
  /** The process whose memory it uses (vfork): it has that while it makes a call, else none. */
  borrows: number | undefined;
  /** A number that names its memory, whoever uses that. */
  memory: number;
  /** By address. They do not overlap. */
  vmas: Vma[];
  /** The pages of its private mappings that it has a copy of its own of, or has read as zeros. */
  pages: Map<bigint, OwnPage>;
  /** The huge pages that it has touched, by the number of their first small page: the number of one of its own, or the file's. */
  huge: Map<bigint, number | 'file'>;
  brk: bigint;
  /** What RLIMIT_MEMLOCK is held against, in pages. */
  lockedPages: bigint;
  /** VM_LOCKED and VM_LOCKONFAULT of mlockall(MCL_FUTURE). */
  futureFlags: number;
  /** PR_MDWE_ of prctl. */
  mdwe: number;
  /** PR_SET_MEMORY_MERGE. */
  mergesPages: boolean;
  limits: Limits;
  handlers: Record<SignalName, Handler>;
  /** Sent by the call at hand, delivered when it returns. */
  pendingSignal: SignalName | undefined;
}

/** What does not change: the shape of the machine. */
export interface Layout extends Geometry {
  /** File system of all files that have names. */
  fs: FileSystemName;
  /** The program break at the start. */
  brk: bigint;
  /** Mappings without an address lie below this. */
  mmapBase: bigint;
  /** First address beyond user space. */
  taskSize: bigint;
  /** First address that is none: the end of the lower half, where addresses have fewer bits than registers. */
  halfEnd: bigint;
  /** Bytes of a huge page, which large mappings are aligned to; 0 for none. */
  hugePage: bigint;
  /** Bytes of the huge pages that MAP_HUGETLB gives, and how many the pool has (vm.nr_hugepages). */
  hugetlbPage: bigint;
  hugePages: number;
  /** The right that a fetch needs: its own, or none but that of a load where entries cannot forbid execution. */
  fetches: 'need-exec' | 'are-loads';
  /** vm.mmap_min_addr: the lowest address for MAP_FIXED. */
  minAddress: bigint;
  /** The lowest address that the kernel chooses itself (CONFIG_LSM_MMAP_MIN_ADDR). */
  minPlace: bigint;
  /** vm.max_map_count */
  maxMapCount: number;
  /** vm.overcommit_memory */
  overcommit: 0 | 1 | 2;
  /** RAM and swap: a single demand for more is refused in mode 0. */
  memoryPages: bigint;
  /** Mode 2: all that may be promised, less what is kept for root (admin_reserve_kbytes); user_reserve_kbytes. */
  commitLimit: bigint;
  userReserve: bigint;
  /** Size of the file system: fallocate of more at once is refused. */
  diskPages: bigint;
  /** Hard limit of RLIMIT_MEMLOCK; the others have none. */
  memlockMax: bigint;
}

export interface State {
  layout: Layout;
  objects: Map<number, FileObject>;
  names: Map<number, Name>;
  mounts: Map<string, Mount>;
  openFiles: Map<number, OpenFile>;
  processes: Map<number, Process>;
  segments: Segments;
  threads: Map<number, Thread>;
  /** Huge pages that are kept for mappings which mremap has parted from them: for nobody. */
  lostHugePages: number;
  /** The time: how many changes and accesses of files were noted. */
  now: number;
  /** The number that the next object, name, open file or family of anonymous pages gets. */
  nextNumber: number;
}

/** Who makes a call. */
export interface Caller {
  readonly state: State;
  readonly process: Process;
  /** Number of the process. */
  readonly number: number;
  readonly thread: Thread;
}

/** The number of the process there is at the start. */
export const FIRST_PROCESS = 0;

/** The object of the directory that all paths begin in. */
export const ROOT_OBJECT = 0;

/** What stands at absolute paths, and its permissions; /dev/null first. `no-tty` is the terminal that no process has. */
export const DEVICES: readonly (readonly [path: string, type: FileObject['type'], mode: number])[] = [
  ['/dev/null', 'null', 0o666],
  ['/dev/zero', 'zero', 0o666],
  ['/dev/full', 'full', 0o666],
  ['/dev/random', 'random', 0o666],
  ['/dev/urandom', 'random', 0o666],
  ['/dev/ptmx', 'tty', 0o666],
  ['/dev/tty', 'no-tty', 0o666],
  ['/proc/uptime', 'proc', 0o444],
];

/** The object of the first of them; the others follow. */
export const FIRST_DEVICE = 1;

/** /dev/shm, where the names of shm_open stand. */
export const SHM_OBJECT = FIRST_DEVICE + DEVICES.length;

/** The open file that descriptors 0, 1 and 2 of the first process lead to. */
export const NULL_FILE = SHM_OBJECT + 1;

/** An object without contents, made at `now`. */
export function newObject(type: FileObject['type'], fs: FileSystemName, name: string, now = 0): FileObject {
  return {
    type,
    fs,
    name,
    mode: 0o777,
    deleted: false,
    size: 0n,
    entries: new Map(),
    parent: undefined,
    target: '',
    seals: type === 'regular' && fs === 'tmpfs' ? F_SEAL_SEAL : undefined,
    pages: new Map(),
    promised: 0n,
    reserved: [],
    huge: undefined,
    queue: [],
    peer: undefined,
    flocks: [],
    locks: [],
    times: { atime: now, mtime: now, ctime: now, stored: -1 },
    told: undefined,
  };
}

/** An open file for reading and writing. */
export function newOpenFile(object: number): OpenFile {
  return {
    object,
    mount: undefined,
    name: undefined,
    readable: true,
    writable: true,
    flags: O_LARGEFILE | O_RDWR,
    position: 0n,
    segment: undefined,
  };
}

export function takeNumber(state: State): number {
  return state.nextNumber++;
}
