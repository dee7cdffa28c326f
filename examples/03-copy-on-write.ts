/**
 * Copy-on-write after fork, in frames and counts.
 *
 * fork copies page tables and no page: both sides map the same frames read-only. The first store
 * to a page copies it; the side that stores second finds itself the only owner and takes the frame over.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE, type Process } from 'faultline';

const PAGE = 4096;
const PAGES = 4;

const machine = new Machine({ ram: '16M' });
const parent = machine.spawn();
const va = parent.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);

let before = machine.vmstat();

/** One line: what the step cost since the last line, and how each process sees the mapping. */
function show(step: string, ...processes: Process[]): void {
  const now = machine.vmstat();
  const since = (name: string): number => now[name] - before[name];
  const frames = -since('nr_free_pages');
  console.log(
    `${step}: frames ${frames}, faults ${since('pgfault')}, copied ${since('cow_copied')}, reused ${since('cow_reused')}`,
  );
  for (const process of processes) {
    const { Rss, Pss, Shared_Dirty, Private_Dirty } = process.smaps(va) ?? {};
    console.log(
      `  pid ${process.id}: Rss ${Rss} Pss ${Pss} Shared_Dirty ${Shared_Dirty} Private_Dirty ${Private_Dirty} KiB`,
    );
  }
  before = now;
}

for (let page = 0; page < PAGES; page++) parent.store32(va + page * PAGE, page);
// 4 pages, and the page tables of levels 1 to 3 that lead to them.
show('four pages stored to', parent);

const child = parent.fork();
// The child's own page tables, and no page.
show('fork', parent, child);

child.store32(va, 100);
show('child stores to page 0', parent, child);

parent.store32(va, 200);
show('parent stores to page 0', parent, child);

child.exit();
parent.wait(child);
show('child exits', parent);

parent.store32(va + PAGE, 300);
show('parent stores to page 1', parent);
