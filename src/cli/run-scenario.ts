/**
 * Runs a parsed scenario on a fresh machine and writes what happens, statement by statement.
 *
 * Place: under `faultline run` and `faultline demo`. The scenario is whole and its directives are checked before the first byte is
 * written. Output goes out in pieces of a few KiB, so that a long run can be followed and a reader that has left is noticed.
 */
import { once } from 'node:events';
import type { MachineConfig } from '../index.ts';
import { type Arena, MachineTarget, runSteps, type Scenario, StepExplainer } from '../scenario/scenario.ts';
import { asJson, asText, Comments } from './step-output.ts';

export interface RunFlags {
  readonly explain?: true | undefined;
  readonly json?: true | undefined;
}

export interface RunOptions extends RunFlags {
  /** The text of the scenario, whose comments stand between explanations. */
  readonly source: string;
  readonly arena?: Arena;
}

const PIECE_CHARACTERS = 4096;

export async function runOnMachine(scenario: Scenario, config: MachineConfig, options: RunOptions): Promise<void> {
  let piece = '';
  const write = async (): Promise<void> => {
    const text = piece;
    piece = '';
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  try {
    for (const text of texts(scenario, config, options)) {
      piece += text;
      if (piece.length >= PIECE_CHARACTERS || process.stdout.isTTY) await write();
    }
  } finally {
    await write();
  }
}

/** The output of each statement. */
function texts(scenario: Scenario, config: MachineConfig, options: RunOptions): Iterable<string> {
  const target = new MachineTarget(config, options.arena);
  const steps = runSteps(scenario, target); // complains of directives at once, before the first step is taken
  const explainer = options.explain ? new StepExplainer(target) : undefined;
  const comments = new Comments(options.source);
  return explained();

  function* explained(): Generator<string> {
    for (const step of steps) {
      const records = explainer?.take() ?? [];
      const explanation = explainer?.explain(step, records);
      if (options.json) yield asJson(step, explanation, records);
      else if (explanation === undefined) yield asText(step, []);
      else yield comments.before(step.statement.line) + asText(step, explanation);
    }
  }
}
