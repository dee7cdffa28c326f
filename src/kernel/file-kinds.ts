/**
 * What a descriptor can stand for, and how each kind answers the calls: one row a kind.
 *
 * Place: under every call on descriptors; the bytes themselves move in read-write.ts, char-devices.ts and pipe-calls.ts.
 * It knows no inode and no file system.
 * Source: Linux drivers/char/mem.c, drivers/char/random.c, drivers/tty/tty_io.c, fs/pipe.c, net/socket.c, fs/proc/inode.c;
 * asked of the real kernel call by call.
 */

import { EINVAL, EIO, EISDIR, ENODEV, ESPIPE } from '../errno.ts';

import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../flags.ts';

/** What stands behind a descriptor. */
export type FileKind =
  | 'regular'
  | 'directory'
  | 'symlink'
  | 'null'
  | 'zero'
  | 'full'
  | 'random'
  | 'tty'
  | 'no-tty'
  | 'pipe'
  | 'socket'
  | 'proc'
  | 'special';

/** Where lseek may go: in the file, nowhere (always 0), not at all, or to any place that is not counted from an end. */
export type Seeking = 'file' | 'nowhere' | 'never' | 'from-start';

/** How mmap is answered: with pages of the file, anonymous memory, ENODEV at once, or an errno once the range is empty. */
export type Mapping = 'pages' | 'memory' | 'none' | { readonly refuses: number };

export interface FileTraits {
  /** S_IF* */
  readonly type: number;
  readonly mapping: Mapping;
  /** Offsets of mappings end where files do (2^63), and not where numbers do. */
  readonly offsetsAreSigned: boolean;
  /** It lies on a mount of the kernel's own that nothing is executed from. */
  readonly noexec: boolean;
  readonly seeking: Seeking;
  /** pread and pwrite; ESPIPE where not. */
  readonly preads: boolean;
  readonly pwrites: boolean;
  /** What fsync and fdatasync fail with, 0 = they do not. */
  readonly fsyncErrno: number;
  readonly fallocateErrno: number;
  /** O_DIRECT can be set. */
  readonly direct: boolean;
}

const DEVICE: FileTraits = {
  type: S_IFCHR,
  mapping: 'none',
  offsetsAreSigned: false,
  noexec: false,
  seeking: 'nowhere',
  preads: true,
  pwrites: true,
  fsyncErrno: EINVAL,
  fallocateErrno: ENODEV,
  direct: false,
};

const STREAM: FileTraits = { ...DEVICE, seeking: 'never', preads: false, pwrites: false };

export const TRAITS: Readonly<Record<FileKind, FileTraits>> = {
  regular: {
    type: S_IFREG,
    mapping: 'pages',
    offsetsAreSigned: true,
    noexec: false,
    seeking: 'file',
    preads: true,
    pwrites: true,
    fsyncErrno: 0,
    fallocateErrno: 0,
    direct: true,
  },
  directory: { ...DEVICE, type: S_IFDIR, seeking: 'from-start', fsyncErrno: 0, fallocateErrno: EISDIR },
  symlink: { ...DEVICE, type: S_IFLNK },
  null: DEVICE,
  zero: { ...DEVICE, mapping: 'memory' },
  full: DEVICE,
  random: DEVICE,
  tty: STREAM,
  'no-tty': STREAM,
  pipe: { ...STREAM, type: S_IFIFO, noexec: true, fallocateErrno: ESPIPE, direct: true },
  socket: { ...STREAM, type: S_IFSOCK, mapping: { refuses: ENODEV }, offsetsAreSigned: true, noexec: true },
  proc: {
    ...DEVICE,
    type: S_IFREG,
    mapping: { refuses: EIO },
    offsetsAreSigned: true,
    noexec: true,
    seeking: 'from-start',
    pwrites: false,
  },
  special: DEVICE,
};
