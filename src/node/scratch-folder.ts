/**
 * A folder on a wanted file system, for what a real kernel is asked.
 *
 * Place: beside native-driver.ts. The kernel itself says what a folder lies on (/proc/self/mountinfo): the numbers that statfs gives do
 * not tell ext4 from its forebears.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { UserError } from '../assert.ts';
import { KIB } from '../units.ts';

export type FileSystem = 'tmpfs' | 'ext4';

const CANDIDATES: Readonly<Record<FileSystem, () => readonly string[]>> = {
  tmpfs: () => ['/dev/shm', tmpdir(), '/tmp', '/run/user/0', process.env['XDG_RUNTIME_DIR'] ?? ''],
  ext4: () => [tmpdir(), '/var/tmp', process.cwd(), homedir()],
};

const ADVICE: Readonly<Record<FileSystem, string>> = {
  tmpfs: 'mount one: mount -t tmpfs tmpfs /dev/shm',
  ext4: 'go to a folder on ext4 and run it there, or leave --fs away',
};

/** A writable folder on that file system. Throws `UserError` if there is none in the usual places. */
export function scratchFolder(fs: FileSystem, candidates = CANDIDATES[fs]()): string {
  const mounts = mountTable();
  const folders = [...new Set(candidates)].filter((folder) => folder !== '' && isWritable(folder));
  const found = folders.find((folder) => mountOf(realpathSync(folder), mounts)?.type === fs);
  if (found !== undefined) return found;
  throw new UserError(
    `the target linux needs a writable folder on ${fs}, and none of ${folders.join(', ')} is on one; ${ADVICE[fs]}`,
  );
}

/** The most bytes that the kernel reads ahead from the disk below `folder`, or undefined if there is none or it does not say. */
export function readAheadBytes(folder: string): number | undefined {
  const device = mountOf(realpathSync(folder), mountTable())?.device;
  // A partition is read ahead as its disk is, which stands above it there.
  const paths = ['queue', '../queue'].map((queue) => `/sys/dev/block/${device}/${queue}/read_ahead_kb`);
  const told = paths.find((path) => existsSync(path));
  return told === undefined ? undefined : Number(readFileSync(told, 'utf8')) * KIB;
}

const MOUNT_TABLE = '/proc/self/mountinfo';

function mountTable(): Mount[] {
  return existsSync(MOUNT_TABLE) ? parseMounts(readFileSync(MOUNT_TABLE, 'utf8')) : [];
}

export interface Mount {
  readonly folder: string;
  readonly type: string;
  /** The numbers of its disk, such as 8:1; those of file systems without one begin with 0. */
  readonly device: string;
}

/** Mounts in the order they were made, from the text of /proc/self/mountinfo. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [about, origin] = line.split(' - ');
    const [, , device, , folder] = about.split(' ');
    return folder === undefined || origin === undefined
      ? []
      : [{ folder: unescaped(folder), type: origin.split(' ')[0], device }];
  });
}

/** Blanks and the like stand as octal numbers in the table. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What `path` lies on: the deepest mount that holds it, and of those at one place the latest. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const holds = path === mount.folder || path.startsWith(mount.folder === '/' ? '/' : `${mount.folder}/`);
    if (holds && mount.folder.length >= (best?.folder.length ?? 0)) best = mount;
  }
  return best;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
