/**
 * The ends of pipes and pairs of sockets: made by pipe(2) and socketpair(2), closed with their last descriptor.
 *
 * Place: between open.ts and open-files.ts; stream-calls.ts moves the bytes.
 * Invariant: a stream's `readers` and `writers` count the open descriptions that may read and write it.
 * Source: Linux fs/pipe.c create_pipe_files, pipe_release; net/unix/af_unix.c unix_release_sock.
 */

import { O_DIRECT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from '../flags.ts';
import { Dentry } from './dentry.ts';
import type { FileSystem, Inode } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { OpenFile } from './open-file.ts';
import { Stream } from './stream.ts';

export interface StreamParts {
  readonly inodes: Inodes;
  readonly memoryFs: FileSystem;
}

function makeInode(parts: StreamParts, kind: 'pipe' | 'socket', mode: number): Inode {
  const inode = parts.inodes.make(kind, parts.memoryFs, mode);
  inode.stream = new Stream();
  return inode;
}

function openEnd(inode: Inode, flags: number): OpenFile {
  const file = new OpenFile(inode, flags, new Dentry(`${inode.kind}:[${inode.id}]`, false));
  const stream = inode.stream as Stream;
  if (file.readable) stream.readers++;
  if (file.writable) stream.writers++;
  return file;
}

/** The end to read from and the end to write to; `flags` may be O_NONBLOCK and O_DIRECT. */
export function makePipe(parts: StreamParts, flags: number): readonly [OpenFile, OpenFile] {
  const inode = makeInode(parts, 'pipe', 0o600);
  const kept = flags & (O_NONBLOCK | O_DIRECT);
  return [openEnd(inode, O_RDONLY | (kept & O_NONBLOCK)), openEnd(inode, O_WRONLY | kept)];
}

/** Two sockets, each the other's peer. */
export function makeSockets(parts: StreamParts, flags: number): readonly [OpenFile, OpenFile] {
  const [a, b] = [makeInode(parts, 'socket', 0o777), makeInode(parts, 'socket', 0o777)];
  a.peer = b;
  b.peer = a;
  return [openEnd(a, O_RDWR | flags), openEnd(b, O_RDWR | flags)];
}

/** An open description of a stream is gone. */
export function closeStream(file: OpenFile): void {
  const { inode } = file;
  const stream = inode.stream as Stream;
  if (file.readable) stream.readers--;
  if (file.writable) stream.writers--;
  // The last that reads or the last that writes, and the others are there.
  if ((stream.readers === 0) !== (stream.writers === 0)) stream.wakeAll();
  if (inode.peer === null) return;
  const peer = inode.peer.stream as Stream;
  peer.reset = stream.buffers.length > 0;
  inode.peer.peer = null;
  peer.wakeAll();
}
