/**
 * What is kept of a file besides its bytes: what is under way in it, its times, the locks on it. Plain data.
 */

/** A page of bytes under way: [offset, offset + length) of `bytes`, which is never written. */
export interface StreamPage {
  bytes: Uint8Array;
  offset: number;
  length: number;
  /** Read by one read, whatever that takes of it. */
  isPacket: boolean;
  /** The next page was written with it to a socket: they are moved together or not at all. */
  continues: boolean;
}

/** Of a file: a larger number is later. */
export interface Times {
  atime: number;
  mtime: number;
  ctime: number;
  /** When it was last stored to through a mapping, which may have been noted or not. */
  stored: number;
}

/** Of a file of huge pages, which are numbered from 0. */
export interface HugeFile {
  /** Bytes of each. */
  readonly pageBytes: bigint;
  /** Those that there are. */
  pages: Set<bigint>;
  /** Those, and what shared mappings have asked for. */
  asked: Set<bigint>;
}

/** A file system at /NAME. */
export interface Mount {
  /** Number of its first directory. */
  readonly root: number;
  readOnly: boolean;
  noexec: boolean;
}

/** A process or an open file, by number. */
export interface LockOwner {
  readonly process: number | undefined;
  readonly file: number | undefined;
}

/** F_RDLCK or F_WRLCK of the bytes from `start` to `last`. Those of one owner stand side by side, in order. */
export interface Lock {
  /** Who waits for it is behind this. */
  readonly number: number;
  readonly owner: LockOwner;
  readonly type: number;
  readonly start: bigint;
  readonly last: bigint;
}

/** Memory of a process. */
export interface UserRange {
  readonly address: bigint;
  readonly length: bigint;
}
