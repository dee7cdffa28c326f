/**
 * How far a check has come: a bar on a terminal, else a line now and then. On stderr, so that results stay clean.
 */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../node/check-search.ts';

/** Between two lines where there is no terminal. */
const LINE_EVERY_MS = 30_000;

export class CheckProgress {
  private readonly runs: number;
  private readonly limitMs: number;
  private bar: SingleBar | undefined;
  private lineMs: number;

  constructor({ runs, limitMs }: { readonly runs: number; readonly limitMs: number }) {
    this.runs = runs;
    this.limitMs = limitMs;
    this.bar = undefined;
    this.lineMs = 0;
  }

  searching(progress: Progress): void {
    const { runs, elapsedMs, coverage } = progress;
    const text = `${runs} scenarios, ${perSecond(progress)} a second, ${coverage.size} triples of call, flag and outcome`;
    const done = Math.min(1, Math.max(runs / this.runs, elapsedMs / this.limitMs));
    this.show(text, done, elapsedMs);
  }

  shrinking(tries: number, statements: number): void {
    if (process.stderr.isTTY) this.show(`shrinking: ${tries} tries, ${statements} statements`, 1, 0);
  }

  private show(text: string, done: number, elapsedMs: number): void {
    if (!process.stderr.isTTY) {
      if (elapsedMs - this.lineMs < LINE_EVERY_MS) return;
      this.lineMs = elapsedMs;
      process.stderr.write(`${text}\n`);
      return;
    }
    this.bar ??= startBar();
    this.bar.update(Math.round(done * 100), { text });
  }

  end(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

function startBar(): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {text}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 20,
  });
  bar.start(100, 0, { text: '' });
  return bar;
}

/** Scenarios a second, as text. */
export function perSecond({ runs, elapsedMs }: Pick<Progress, 'runs' | 'elapsedMs'>): string {
  const rate = elapsedMs === 0 ? 0 : (runs / elapsedMs) * 1000;
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
