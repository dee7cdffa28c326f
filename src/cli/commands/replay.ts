/**
 * `faultline replay DIR`: replays a recorded program and prints what happened.
 *
 * Results go to stdout; the progress bar to stderr, and only to a terminal.
 */
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { replayFolder } from '../../node/trace-folder.ts';
import { formatReport } from '../../replay/replay.ts';

const DEFAULT_RAM = '4G';

interface ReplayFlags {
  readonly ram: string;
  readonly json?: true;
}

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description(
      "replay a recorded program: its mappings and accesses on the simulated machine, beside the kernel's own fault counts",
    )
    .argument('<dir>', 'folder with the recording (nstep.p0.txt or lackey-sys.txt, truth/p0.maps-exec, strace.txt)')
    .option('--ram <size>', 'physical memory of the simulated machine', DEFAULT_RAM)
    .option('--json', 'print one JSON object')
    .action(replay);
}

async function replay(folder: string, flags: ReplayFlags): Promise<void> {
  const bar = new SingleBar({
    format: 'replaying {bar} {percentage}%',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let shown = false;
  const onProgress = (done: number, total: number): void => {
    if (!process.stderr.isTTY) return;
    if (!shown) bar.start(total, 0);
    shown = true;
    bar.update(done);
  };
  try {
    const result = await replayFolder(folder, { ram: flags.ram, onProgress });
    if (shown) bar.stop();
    shown = false;
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : formatReport(folder, result));
  } finally {
    if (shown) bar.stop();
  }
}
