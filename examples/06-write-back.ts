/**
 * From a store to the disk: dirty entry, dirty page, write-back.
 *
 * On a disk file the first store through a shared mapping faults, so that the page is known to be
 * dirty. msync(MS_SYNC) write-protects it again, writes it and waits. The next store faults anew.
 */
import { MAP_SHARED, Machine, MS_ASYNC, MS_SYNC, O_CREAT, O_RDWR, PROT_READ, PROT_WRITE } from 'faultline';

const PAGE = 4096;
const PAGES = 64;

const machine = new Machine({ fs: 'ext4', disk: { model: 'hdd' } });
const process = machine.spawn();
const fd = process.open('/table', O_CREAT | O_RDWR);
process.fallocate(fd, 0, 0, PAGES * PAGE);
const table = process.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

let timeNs = machine.timeNs;
let before = machine.vmstat();

function show(step: string): void {
  const now = machine.vmstat();
  const faults = now.pgfault - before.pgfault;
  const written = now.nr_written - before.nr_written;
  const us = ((machine.timeNs - timeNs) / 1e3).toFixed(1);
  console.log(
    `${step.padEnd(30)} faults ${String(faults).padStart(2)}  dirty ${String(now.nr_dirty).padStart(2)}  written ${written}  ${us.padStart(7)} us`,
  );
  before = now;
  timeNs = machine.timeNs;
}

show('mapped');
for (let page = 0; page < 8; page++) process.store32(table + page * PAGE, page);
show('8 pages stored to');
for (let page = 0; page < 8; page++) process.store32(table + page * PAGE + 4, page);
show('8 pages stored to again');
process.msync(table, PAGES * PAGE, MS_ASYNC);
show('msync(MS_ASYNC)');
process.msync(table, PAGES * PAGE, MS_SYNC);
show('msync(MS_SYNC)');
process.store32(table + 8, 1);
show('one page stored to');
process.fsync(fd);
show('fsync');
process.fsync(fd);
show('fsync again');
