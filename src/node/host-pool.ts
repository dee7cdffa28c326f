/**
 * The pool of huge pages of the Linux this runs on.
 *
 * Place: asked once by a check with the target linux; the simulated machine then gets a pool of the same size. A reservation that
 * somebody else makes meanwhile shows as a difference.
 */
import { readFileSync } from 'node:fs';

/** Huge pages of 2 MiB that nobody has and nobody has reserved; undefined where programs of this user cannot ask for them all ways. */
export function freeHugePages(): number | undefined {
  // SHM_HUGETLB is for members of vm.hugetlb_shm_group, and for those whom a scenario's process is not.
  if (process.getgid?.() !== readNumber('/proc/sys/vm/hugetlb_shm_group')) return undefined;
  const [free, reserved] = ['free', 'resv'].map((name) => readNumber(`${POOL}/${name}_hugepages`));
  return free === undefined || reserved === undefined ? undefined : free - reserved;
}

const POOL = '/sys/kernel/mm/hugepages/hugepages-2048kB';

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
