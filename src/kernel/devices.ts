/**
 * What stands in /dev and /proc when the machine starts.
 *
 * Place: built once by kernel.ts and mounted in the namespace. What each does stands in file-kinds.ts and char-devices.ts.
 * A process has no terminal of its own: opening /dev/tty says so (ENXIO).
 */

import { Dentry } from './dentry.ts';
import { DirectoryEntry, Mount } from './directory.ts';
import type { FileKind } from './file-kinds.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';

interface Node {
  readonly name: string;
  readonly kind: FileKind;
  readonly mode: number;
}

const DEVICES: readonly Node[] = [
  { name: 'null', kind: 'null', mode: 0o666 },
  { name: 'zero', kind: 'zero', mode: 0o666 },
  { name: 'full', kind: 'full', mode: 0o666 },
  { name: 'random', kind: 'random', mode: 0o666 },
  { name: 'urandom', kind: 'random', mode: 0o666 },
  { name: 'ptmx', kind: 'tty', mode: 0o666 },
  { name: 'tty', kind: 'no-tty', mode: 0o666 },
];

const PROC: readonly Node[] = [{ name: 'uptime', kind: 'proc', mode: 0o444 }];

function treeOf(inodes: Inodes, fs: FileSystem, nodes: readonly Node[]): Mount {
  const mount = new Mount(inodes.make('directory', fs, 0o755));
  for (const { name, kind, mode } of nodes) {
    const inode = inodes.make(kind, fs, mode);
    inode.links = 1;
    mount.root.children?.set(name, new DirectoryEntry(new Dentry(name, false), inode, mount.root));
  }
  return mount;
}

/** What is mounted beside the files: `dev`, `proc`. */
export function standardMounts(inodes: Inodes, fs: FileSystem): ReadonlyMap<string, Mount> {
  const proc = treeOf(inodes, fs, PROC);
  proc.root.inode.mode = 0o555;
  return new Map([
    ['dev', treeOf(inodes, fs, DEVICES)],
    ['proc', proc],
  ]);
}
