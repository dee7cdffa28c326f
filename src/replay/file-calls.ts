/**
 * The recorded calls on descriptors and files: who stands behind a number, where it is, and what the page
 * cache holds then.
 *
 * Bytes that the program writes to regular files go through the machine's page cache, since a mapping of the
 * same file sees the pages that they make; so do reads, which bring pages in and tell how long a file is.
 * What goes to pipes, sockets, terminals and the files of /proc is only followed by number.
 * Place: one handler per call number; traced-process.ts looks them up. Nothing here may stop a replay: what
 * the log does not show is left undone.
 */

import { ENOENT } from '../errno.ts';
import {
  FALLOC_FL_KEEP_SIZE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from '../flags.ts';
import type { CallContext, CallHandler, ReplayedCall } from './call-context.ts';
import { OpenDescription } from './descriptors.ts';
import type { RecordedFile } from './recorded-files.ts';
import { syscallNumber } from './syscall-numbers.ts';

const AT_FDCWD = -100;
const F_DUPFD = 0;
const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;
const CLOSE_RANGE_CLOEXEC = 4;
/** The most bytes that one transfer without user addresses moves through the machine at once. */
const CHUNK_MAX = 2 ** 20;

const onExec = (flags: number): 'keep' | 'close' => (flags & O_CLOEXEC ? 'close' : 'keep');

/** The path of an argument, unless it is relative to a directory that only a descriptor names. */
function pathOf(call: ReplayedCall, place: number, directory: number): string | undefined {
  const text = call.texts[place];
  if (text === undefined || text === '') return undefined;
  const relative = directory >= 0 && !text.startsWith('/') && (call.args[directory] | 0) !== AT_FDCWD;
  return relative ? undefined : text;
}

/** Notes a path that a call did not find. */
function noteMissing(context: CallContext, call: ReplayedCall, place: number, directory: number): void {
  const path = pathOf(call, place, directory);
  if (call.result === -ENOENT && path !== undefined) context.files.notFound(path);
}

function opens(place: number, directory: number, flagsOf: (call: ReplayedCall) => number): CallHandler {
  return (context, call) => {
    noteMissing(context, call, place, directory);
    if (call.result < 0) return;
    const flags = flagsOf(call);
    const plain = (flags & (O_DIRECTORY | O_PATH)) === 0;
    const file = plain ? context.files.open(pathOf(call, place, directory), flags) : undefined;
    context.descriptors.install(call.result, new OpenDescription(file, flags), onExec(flags));
    if (file !== undefined && flags & O_TRUNC) setSize(context, file, 0);
  };
}

/** Any call that returns a descriptor for what is no file. */
const makes =
  (flagsPlace: number): CallHandler =>
  ({ descriptors }, { args, result }) => {
    if (result >= 0)
      descriptors.install(
        result,
        new OpenDescription(undefined, O_RDWR),
        onExec(flagsPlace < 0 ? 0 : args[flagsPlace]),
      );
  };

/** pipe and socketpair store two descriptors in user memory: the two lowest that are free. */
const makesPair =
  (flagsPlace: number, kind: 'pipe' | 'socket'): CallHandler =>
  ({ descriptors }, { args, result }) => {
    if (result < 0) return;
    const how = onExec(flagsPlace < 0 ? 0 : args[flagsPlace]);
    const pipe = kind === 'pipe' ? { bytes: 0 } : undefined;
    descriptors.install(descriptors.lowestFree(), new OpenDescription(undefined, O_RDONLY, pipe), how);
    descriptors.install(descriptors.lowestFree(), new OpenDescription(undefined, O_WRONLY, pipe), how);
  };

function memfdCreate({ descriptors, files }: CallContext, { args, result, texts }: ReplayedCall): void {
  if (result < 0) return;
  const file = files.memoryFile(texts[0] ?? '');
  descriptors.install(result, new OpenDescription(file, O_RDWR), args[1] & 1 ? 'close' : 'keep');
}

function duplicate({ descriptors }: CallContext, from: number, to: number, how: 'keep' | 'close'): void {
  const description = descriptors.get(from);
  if (to >= 0 && to !== from) descriptors.install(to, description ?? new OpenDescription(undefined, O_RDWR), how);
}

function fcntl(context: CallContext, { args, result }: ReplayedCall): void {
  const [fd, command, argument] = args;
  if (command === F_DUPFD) duplicate(context, fd, result, 'keep');
  else if (command === F_DUPFD_CLOEXEC) duplicate(context, fd, result, 'close');
  else if (command === F_SETFD && result >= 0)
    context.descriptors.setCloseOnExec(fd, argument & FD_CLOEXEC ? 'close' : 'keep');
}

function closeRange({ descriptors }: CallContext, { args }: ReplayedCall): void {
  if (!(args[2] & CLOSE_RANGE_CLOEXEC)) descriptors.closeRange(args[0], args[1]);
}

function setSize({ process, sims }: CallContext, file: RecordedFile, bytes: number): void {
  process.sys.ftruncate(sims.of(file, O_RDWR), bytes);
  file.bytes = bytes;
  file.exact = true;
}

/** Bytes moved from a file at `position`: `address` of the buffer, or -1 where no log shows it. */
function readBytes(
  context: CallContext,
  file: RecordedFile,
  address: number,
  asked: number,
  moved: number,
  position: number,
): void {
  if (moved < asked) context.files.learnSize(file, position + moved);
  context.files.atLeast(file, position + moved);
  if (moved <= 0) return;
  const fd = context.sims.of(file, O_RDONLY);
  if (address >= 0) context.process.sys.read(fd, { address, length: moved }, position);
  else inChunks(moved, (done, bytes) => void context.process.sys.read(fd, { bytes }, position + done));
}

function writeBytes(context: CallContext, file: RecordedFile, address: number, moved: number, position: number): void {
  if (moved <= 0) return;
  const fd = context.sims.of(file, O_WRONLY);
  if (address >= 0) context.process.sys.write(fd, { address, length: moved }, position);
  else inChunks(moved, (done, bytes) => void context.process.sys.write(fd, { bytes }, position + done));
  file.bytes = Math.max(file.bytes, position + moved);
}

function inChunks(total: number, move: (done: number, bytes: Uint8Array) => void): void {
  for (let done = 0; done < total; done += CHUNK_MAX) move(done, new Uint8Array(Math.min(CHUNK_MAX, total - done)));
}

type Direction = 'in' | 'out';
/** How a call names its buffer: its address and length, or an array of such (iovec), whose contents no log has. */
type BufferForm = 'buffer' | 'iovec';

/** read, write and their variants; `offsetPlace` < 0: at the position, which moves. */
function transfers(direction: Direction, form: BufferForm, offsetPlace: number): CallHandler {
  return (context, { args, result }) => {
    const description = context.descriptors.get(args[0]);
    if (description === undefined || result < 0) return;
    const { file, pipe } = description;
    if (pipe !== undefined) pipe.bytes += direction === 'out' ? result : -result;
    if (file === undefined) return;
    const appends = direction === 'out' && (description.flags & O_APPEND) !== 0;
    const position = appends ? file.bytes : offsetPlace >= 0 ? args[offsetPlace] : description.position;
    const address = form === 'buffer' ? args[1] : -1;
    if (direction === 'out') writeBytes(context, file, address, result, position);
    else readBytes(context, file, address, form === 'buffer' ? args[2] : result, result, position);
    if (offsetPlace < 0) description.position = position + result;
  };
}

/** sendfile and copy_file_range: what arrives in a file. */
const copies =
  (toPlace: number, fromPlace: number): CallHandler =>
  (context, { args, result }) => {
    const to = context.descriptors.get(args[toPlace]);
    const from = context.descriptors.get(args[fromPlace]);
    if (result <= 0) return;
    if (to?.file !== undefined) writeBytes(context, to.file, -1, result, to.position);
    if (to !== undefined) to.position += result;
    if (from !== undefined) from.position += result;
  };

function lseek({ descriptors }: CallContext, { args, result }: ReplayedCall): void {
  const description = descriptors.get(args[0]);
  if (description !== undefined && result >= 0) description.position = result;
}

function ftruncate(context: CallContext, { args, result }: ReplayedCall): void {
  const file = context.descriptors.get(args[0])?.file;
  if (file !== undefined && result === 0) setSize(context, file, args[1]);
}

function truncate(context: CallContext, call: ReplayedCall): void {
  const path = pathOf(call, 0, -1);
  const file = call.result === 0 && path !== undefined ? context.files.open(path, O_WRONLY) : undefined;
  if (file !== undefined) setSize(context, file, call.args[1]);
}

function fallocate(context: CallContext, { args, result }: ReplayedCall): void {
  const [fd, mode, offset, length] = args;
  const file = context.descriptors.get(fd)?.file;
  if (file === undefined || result !== 0) return;
  context.process.sys.fallocate(context.sims.of(file, O_RDWR), mode, offset, length);
  if (!(mode & FALLOC_FL_KEEP_SIZE)) file.bytes = Math.max(file.bytes, offset + length);
}

function sync(context: CallContext, { args }: ReplayedCall): void {
  const file = context.descriptors.get(args[0])?.file;
  if (file !== undefined) context.process.sys.fsync(context.sims.of(file, O_RDONLY));
}

function syncAll(context: CallContext): void {
  for (const file of context.files.all()) context.process.sys.fsync(context.sims.of(file, O_RDONLY));
}

/** A stat of a descriptor, its path empty or absent. */
const statsDescriptor =
  (pathPlace: number): CallHandler =>
  (context, call) => {
    const path = pathPlace < 0 ? '' : call.texts[pathPlace];
    if (pathPlace >= 0) noteMissing(context, call, pathPlace, 0);
    const file = path === undefined || path === '' ? context.descriptors.get(call.args[0])?.file : undefined;
    if (file !== undefined && call.result === 0) context.files.learnSize(file, call.size);
  };

const looksUp =
  (place: number, directory: number): CallHandler =>
  (context, call) =>
    noteMissing(context, call, place, directory);

const unlinks =
  (place: number, directory: number): CallHandler =>
  (context, call) => {
    const path = pathOf(call, place, directory);
    if (path !== undefined && call.result === 0) context.files.notFound(path);
  };

const renames =
  (from: number, fromDirectory: number, to: number, toDirectory: number): CallHandler =>
  (context, call) => {
    const source = pathOf(call, from, fromDirectory);
    const target = pathOf(call, to, toDirectory);
    if (call.result === 0 && source !== undefined && target !== undefined) context.files.renamed(source, target);
  };

// biome-ignore format: a table
const HANDLERS: Readonly<Record<string, CallHandler>> = {
  open: opens(0, -1, ({ args }) => args[1]), creat: opens(0, -1, () => O_WRONLY | O_CREAT | O_TRUNC),
  openat: opens(1, 0, ({ args }) => args[2]), openat2: opens(1, 0, () => O_RDWR),
  close: ({ descriptors }, { args }) => descriptors.close(args[0]), close_range: closeRange,
  dup: (context, { args, result }) => duplicate(context, args[0], result, 'keep'),
  dup2: (context, { args, result }) => duplicate(context, args[0], result, 'keep'),
  dup3: (context, { args, result }) => duplicate(context, args[0], result, onExec(args[2])),
  fcntl, pipe: makesPair(-1, 'pipe'), pipe2: makesPair(1, 'pipe'), socketpair: makesPair(-1, 'socket'),
  socket: makes(1), accept: makes(-1), accept4: makes(3), epoll_create: makes(-1), epoll_create1: makes(0),
  eventfd: makes(-1), eventfd2: makes(1), timerfd_create: makes(1), signalfd4: makes(3), inotify_init: makes(-1), inotify_init1: makes(0),
  perf_event_open: makes(-1), pidfd_open: makes(-1), pidfd_getfd: makes(-1), userfaultfd: makes(0), io_uring_setup: makes(-1),
  fanotify_init: makes(-1), mq_open: makes(-1), memfd_create: memfdCreate, memfd_secret: makes(-1),

  read: transfers('in', 'buffer', -1), pread64: transfers('in', 'buffer', 3), readv: transfers('in', 'iovec', -1), preadv: transfers('in', 'iovec', 3),
  write: transfers('out', 'buffer', -1), pwrite64: transfers('out', 'buffer', 3), writev: transfers('out', 'iovec', -1), pwritev: transfers('out', 'iovec', 3),
  sendfile: copies(0, 1), copy_file_range: copies(2, 0), lseek,
  ftruncate, truncate, fallocate, fsync: sync, fdatasync: sync, sync_file_range: sync, sync: syncAll, syncfs: syncAll,

  fstat: statsDescriptor(-1), newfstatat: statsDescriptor(1), statx: statsDescriptor(1),
  stat: looksUp(0, -1), lstat: looksUp(0, -1), access: looksUp(0, -1), faccessat: looksUp(1, 0), faccessat2: looksUp(1, 0),
  unlink: unlinks(0, -1), unlinkat: unlinks(1, 0),
  rename: renames(0, -1, 1, -1), renameat: renames(1, 0, 3, 2), renameat2: renames(1, 0, 3, 2),
};

/** By call number. */
export const FILE_CALLS: ReadonlyMap<number, CallHandler> = new Map(
  Object.entries(HANDLERS).map(([name, handler]) => [syscallNumber(name) as number, handler]),
);
