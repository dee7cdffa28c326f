/**
 * Which user memory each system call reads and writes, as a table.
 *
 * The kernel's own touches of user pages fault like the program's (error-code bit 'user' off) and count as
 * its faults, but no log of instructions has them. A row lists, per argument, how many bytes the kernel reads
 * (`get`) or writes (`put`); most `put`s happen only if the call succeeds. Structures whose contents the log
 * does not hold (the buffers behind an iovec) cannot be followed: the program has nearly always touched those
 * itself.
 * Place: traced-process.ts asks for each call of the log. Calls whose memory the machine touches itself
 * (read, write and their like on files) are here too: touching twice changes nothing.
 * Source: Linux kernel/, fs/, mm/, net/ (the copy_to_user, copy_from_user, get_user and put_user of each
 * call); structure sizes of x86-64 from include/uapi.
 */

import { READ, WRITE } from './access-batch.ts';
import type { RecordedCall } from './log-event.ts';
import { syscallNumber } from './syscall-numbers.ts';

/** Receives one touch: `access` READ or WRITE, `bytes` > 0. */
export type TouchSink = (va: number, bytes: number, access: number) => void;

/** Bytes at an argument: a number, or worked out from the call (0: nothing). */
type Extent = number | ((call: RecordedCall) => number);

interface Touch {
  readonly arg: number;
  readonly access: typeof READ | typeof WRITE;
  readonly bytes: Extent;
  /** Happens whatever the result; otherwise only if the call succeeds. */
  readonly always: boolean;
  readonly isPath: boolean;
}

const get = (arg: number, bytes: Extent): Touch => ({ arg, access: READ, bytes, always: true, isPath: false });
const put = (arg: number, bytes: Extent): Touch => ({ arg, access: WRITE, bytes, always: false, isPath: false });
const both = (arg: number, bytes: Extent): Touch[] => [get(arg, bytes), put(arg, bytes)];

/** A NUL-terminated string: strncpy_from_user reads it in words of 8 bytes. Of unknown length: its first byte. */
const path = (arg: number): Touch => ({
  arg,
  access: READ,
  bytes: ({ texts }) => stringBytes(texts[arg]),
  always: true,
  isPath: true,
});
const stringBytes = (text: string | undefined): number =>
  text === undefined ? 1 : Math.ceil((utf8Length(text) + 1) / 8) * 8;

/** As many bytes as the call returned. */
const result = (call: RecordedCall): number => Math.max(0, call.result ?? 0);
/** As many bytes as another argument says, `scale` each. */
const count =
  (arg: number, scale = 1): Extent =>
  ({ args }) =>
    args[arg] * scale;
const results =
  (scale: number): Extent =>
  (call) =>
    result(call) * scale;
/** Only if the call returned more than 0 (wait4 without WNOHANG's 0). */
const ifAny =
  (bytes: number): Extent =>
  (call) =>
    result(call) > 0 ? bytes : 0;
const bits = ({ args }: RecordedCall): number => Math.ceil(args[0] / 64) * 8;

const STAT = 144;
const STATFS = 120;
const STATX = 256;
const TIMESPEC = 16;
const ITIMERSPEC = 32;
const RLIMIT = 16;
const RUSAGE = 144;
const SIGACTION = 32;
const SIGINFO = 128;
const SIGSET = 8;
const IOVEC = 16;
const MSGHDR = 56;
const FLOCK = 32;
const TERMIOS = 36;
const POLLFD = 8;
const EPOLL_EVENT = 12;
const EPOLL_CTL_DEL = 2;

/** Bytes of an ioctl's argument: the old terminal calls by number, the rest as the number encodes it (_IOC). */
function ioctlBytes(wanted: number): Extent {
  return ({ args }) => {
    const command = args[1] >>> 0;
    const old = OLD_IOCTLS.get(command);
    if (old !== undefined) return old.access === wanted ? old.bytes : 0;
    const direction = wanted === WRITE ? 2 : 1;
    return (command >>> 30) & direction ? (command >>> 16) & 0x3fff : 0;
  };
}

const OLD_IOCTLS: ReadonlyMap<number, { readonly access: number; readonly bytes: number }> = new Map([
  [0x5401, { access: WRITE, bytes: TERMIOS }], // TCGETS
  [0x5402, { access: READ, bytes: TERMIOS }], // TCSETS
  [0x5403, { access: READ, bytes: TERMIOS }], // TCSETSW
  [0x5404, { access: READ, bytes: TERMIOS }], // TCSETSF
  [0x540f, { access: WRITE, bytes: 4 }], // TIOCGPGRP
  [0x5410, { access: READ, bytes: 4 }], // TIOCSPGRP
  [0x5413, { access: WRITE, bytes: 8 }], // TIOCGWINSZ
  [0x5414, { access: READ, bytes: 8 }], // TIOCSWINSZ
  [0x541b, { access: WRITE, bytes: 4 }], // FIONREAD
  [0x5421, { access: READ, bytes: 4 }], // FIONBIO
]);

const F_GETLK = new Set([5, 36]);
const F_LOCKS = new Set([5, 6, 7, 36, 37, 38]);

/** Futex operations by their low seven bits: those that read the word first, and those with a timeout. */
const FUTEX_READS = new Set([0, 4, 5, 6, 8, 9, 11, 12, 13]);
const FUTEX_TIMED = new Set([0, 6, 9, 11, 13]);
const futexOp = ({ args }: RecordedCall): number => args[1] & 127;

// biome-ignore format: a table
const ROWS: Readonly<Record<string, readonly Touch[]>> = {
  read: [put(1, result)], pread64: [put(1, result)], write: [get(1, result)], pwrite64: [get(1, result)],
  readv: [get(1, count(2, IOVEC))], writev: [get(1, count(2, IOVEC))], preadv: [get(1, count(2, IOVEC))],
  pwritev: [get(1, count(2, IOVEC))], preadv2: [get(1, count(2, IOVEC))], pwritev2: [get(1, count(2, IOVEC))],
  getdents: [put(1, result)], getdents64: [put(1, result)],
  sendfile: both(2, 8), copy_file_range: [...both(1, 8), ...both(3, 8)], splice: [...both(1, 8), ...both(3, 8)],

  open: [path(0)], creat: [path(0)], openat: [path(1)], openat2: [path(1), get(2, count(3))],
  access: [path(0)], faccessat: [path(1)], faccessat2: [path(1)],
  stat: [path(0), put(1, STAT)], lstat: [path(0), put(1, STAT)], fstat: [put(1, STAT)],
  newfstatat: [path(1), put(2, STAT)], statx: [path(1), put(4, STATX)],
  statfs: [path(0), put(1, STATFS)], fstatfs: [put(1, STATFS)],
  readlink: [path(0), put(1, result)], readlinkat: [path(1), put(2, result)], getcwd: [put(0, result)],
  chdir: [path(0)], mkdir: [path(0)], mkdirat: [path(1)], rmdir: [path(0)], unlink: [path(0)], unlinkat: [path(1)],
  rename: [path(0), path(1)], renameat: [path(1), path(3)], renameat2: [path(1), path(3)],
  link: [path(0), path(1)], linkat: [path(1), path(3)], symlink: [path(0), path(1)], symlinkat: [path(0), path(2)],
  truncate: [path(0)], chmod: [path(0)], fchmodat: [path(1)], chown: [path(0)], lchown: [path(0)], fchownat: [path(1)],
  mknod: [path(0)], mknodat: [path(1)], utime: [path(0), get(1, 16)], utimes: [path(0), get(1, 32)],
  utimensat: [path(1), get(2, 2 * TIMESPEC)], futimesat: [path(1), get(2, 32)], chroot: [path(0)],
  getxattr: [path(0), path(1), put(2, result)], lgetxattr: [path(0), path(1), put(2, result)], fgetxattr: [path(1), put(2, result)],
  listxattr: [path(0), put(1, result)], llistxattr: [path(0), put(1, result)], flistxattr: [put(1, result)],
  inotify_add_watch: [path(1)], memfd_create: [path(0)],

  fcntl: [get(2, ({ args }) => (F_LOCKS.has(args[1]) ? FLOCK : 0)), put(2, ({ args }) => (F_GETLK.has(args[1]) ? FLOCK : 0))],
  ioctl: [get(2, ioctlBytes(READ)), put(2, ioctlBytes(WRITE))],
  pipe: [put(0, 8)], pipe2: [put(0, 8)], socketpair: [put(3, 8)],
  poll: both(0, count(1, POLLFD)), ppoll: [...both(0, count(1, POLLFD)), get(2, TIMESPEC), get(3, SIGSET)],
  select: [...both(1, bits), ...both(2, bits), ...both(3, bits), ...both(4, 16)],
  pselect6: [...both(1, bits), ...both(2, bits), ...both(3, bits), ...both(4, TIMESPEC), get(5, 16)],
  epoll_ctl: [get(3, ({ args }) => (args[1] === EPOLL_CTL_DEL ? 0 : EPOLL_EVENT))],
  epoll_wait: [put(1, results(EPOLL_EVENT))], epoll_pwait: [put(1, results(EPOLL_EVENT)), get(4, SIGSET)],
  epoll_pwait2: [put(1, results(EPOLL_EVENT)), get(3, TIMESPEC), get(4, SIGSET)],

  connect: [get(1, count(2))], bind: [get(1, count(2))],
  accept: [...both(2, 4), put(1, 2)], accept4: [...both(2, 4), put(1, 2)],
  getsockname: [...both(2, 4), put(1, 2)], getpeername: [...both(2, 4), put(1, 2)],
  sendto: [get(1, result), get(4, count(5))], recvfrom: [put(1, result), ...both(5, 4)],
  sendmsg: [get(1, MSGHDR)], recvmsg: both(1, MSGHDR),
  setsockopt: [get(3, count(4))], getsockopt: [...both(4, 4), put(3, 4)],

  rt_sigaction: [get(1, SIGACTION), put(2, SIGACTION)], rt_sigprocmask: [get(1, count(3)), put(2, count(3))],
  rt_sigpending: [put(0, SIGSET)], rt_sigsuspend: [get(0, SIGSET)], rt_sigtimedwait: [get(0, SIGSET), put(1, SIGINFO), get(2, TIMESPEC)],
  sigaltstack: [get(0, 24), put(1, 24)], signalfd: [get(1, SIGSET)], signalfd4: [get(1, SIGSET)], rt_sigqueueinfo: [get(2, SIGINFO)],

  nanosleep: [get(0, TIMESPEC)], clock_nanosleep: [get(2, TIMESPEC)],
  clock_gettime: [put(1, TIMESPEC)], clock_getres: [put(1, TIMESPEC)], clock_settime: [get(1, TIMESPEC)],
  gettimeofday: [put(0, 16), put(1, 8)], time: [put(0, 8)], times: [put(0, 32)],
  getitimer: [put(1, 32)], setitimer: [get(1, 32), put(2, 32)],
  timer_create: [get(1, 64), put(2, 4)], timer_settime: [get(2, ITIMERSPEC), put(3, ITIMERSPEC)], timer_gettime: [put(1, ITIMERSPEC)],
  timerfd_settime: [get(2, ITIMERSPEC), put(3, ITIMERSPEC)], timerfd_gettime: [put(1, ITIMERSPEC)],

  uname: [put(0, 390)], sysinfo: [put(0, 112)], getrusage: [put(1, RUSAGE)],
  getrlimit: [put(1, RLIMIT)], setrlimit: [get(1, RLIMIT)], prlimit64: [get(2, RLIMIT), put(3, RLIMIT)],
  getrandom: [put(0, result)], getcpu: [put(0, 4), put(1, 4)],
  getresuid: [put(0, 4), put(1, 4), put(2, 4)], getresgid: [put(0, 4), put(1, 4), put(2, 4)], getgroups: [put(1, results(4))],
  capget: [get(0, 8), put(1, 24)], capset: [get(0, 8), get(1, 24)],
  sched_getaffinity: [put(2, result)], sched_setaffinity: [get(2, count(1))],
  sched_getparam: [put(1, 4)], sched_setparam: [get(1, 4)], sched_setscheduler: [get(2, 4)],
  arch_prctl: [put(1, ({ args }) => (args[0] === 0x1003 || args[0] === 0x1004 ? 8 : 0))],
  prctl: [get(1, ({ args }) => (args[0] === 15 ? 16 : 0)), put(1, ({ args }) => (args[0] === 16 ? 16 : 0))],
  mincore: [put(2, ({ args }) => Math.ceil(args[1] / 4096))],

  wait4: [put(1, ifAny(4)), put(3, ifAny(RUSAGE))], waitid: [put(2, SIGINFO), put(4, RUSAGE)],
  clone3: [get(0, count(1))], get_robust_list: [put(1, 8), put(2, 8)],
  futex: [
    get(0, (call) => (FUTEX_READS.has(futexOp(call)) ? 4 : 0)),
    get(3, (call) => (FUTEX_TIMED.has(futexOp(call)) ? TIMESPEC : 0)),
  ],
  // The kernel writes the area (CPU numbers) on the way back to user mode.
  rseq: [put(0, 32)],
};

const TABLE: ReadonlyMap<number, readonly Touch[]> = new Map(
  Object.entries(ROWS).map(([name, touches]) => [syscallNumber(name) as number, touches]),
);

const EFAULT = 14;
/** More than any kernel copy of one call: a count that is garbage must not be walked. */
const BYTES_MAX = 2 ** 31;

/** Reports each piece of user memory that the kernel touches in `call`, in the order of the table. */
export function touchesOf(call: RecordedCall, sink: TouchSink): void {
  const touches = TABLE.get(call.nr);
  if (touches === undefined || call.result === -EFAULT) return;
  const failed = call.result !== undefined && call.result < 0;
  for (const { arg, access, bytes, always } of touches) {
    const va = call.args[arg];
    if (va === 0 || (failed && !always)) continue;
    const length = typeof bytes === 'number' ? bytes : bytes(call);
    if (length > 0 && length < BYTES_MAX) sink(va, length, access);
  }
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Arguments of a call that are strings (paths), for those who know their text. */
export function pathArguments(nr: number): readonly number[] {
  return PATHS.get(nr) ?? [];
}

const PATHS: ReadonlyMap<number, readonly number[]> = new Map(
  [...TABLE].map(([nr, touches]) => [nr, touches.filter(({ isPath }) => isPath).map(({ arg }) => arg)]),
);
