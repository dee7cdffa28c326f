/** Calls as commands for fast-check's model runner. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Counterexample,
  callCommands,
  callsOf,
  ImplementationTarget,
  modelAndReal,
  type RunningTarget,
  type SpecModel,
} from '../../../src/testing/testing.ts';
import { MachineVm } from '../../helpers/machine-vm.ts';
import { SmallVm } from '../../helpers/small-vm.ts';

const OPTIONS = { calls: callsOf(new SmallVm()) };

/** Runs commands, then looks at everything that is left. */
function run(commands: Iterable<fc.Command<SpecModel, RunningTarget>>, make: () => SmallVm | MachineVm): SpecModel {
  const started = modelAndReal(() => new ImplementationTarget(make()), OPTIONS)();
  fc.modelRun(() => started, commands);
  started.model.lookAtAll(started.real);
  return started.model;
}

const lists = fc.commands([callCommands(OPTIONS)], {
  maxCommands: 40,
  size: 'max',
});

describe('an implementation that is right', () => {
  test('agrees with the model', () => {
    const lengths: number[] = [];
    fc.assert(
      fc.property(lists, (commands) => {
        lengths.push(run(commands, () => new SmallVm()).scenario.split('\n').length);
      }),
      { numRuns: 20, seed: 1 },
    );
    expect(Math.max(...lengths)).toBeGreaterThan(15);
  });

  test('of every call agrees too, with commands of others between', () => {
    class MoveCommand implements fc.Command<SpecModel, RunningTarget> {
      check(): boolean {
        return true;
      }
      run(_model: SpecModel, { target }: RunningTarget): void {
        expect(target).toBeInstanceOf(ImplementationTarget);
      }
      toString(): string {
        return 'move';
      }
    }
    const all = { calls: callsOf(MachineVm.start()) };
    const mixed = fc.commands([callCommands(all), fc.constant(new MoveCommand())], { maxCommands: 30, size: 'max' });
    fc.assert(
      fc.property(mixed, (commands) => {
        fc.modelRun(
          modelAndReal(() => new ImplementationTarget(MachineVm.start()), all),
          commands,
        );
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});

test('a mistake is a counterexample that fast-check shrinks, with the calls that were made', () => {
  class Sharing extends SmallVm {
    override fork(): SmallVm {
      const child = new Sharing();
      child.pages = new Map(this.pages);
      return child;
    }
  }
  const details = fc.check(
    fc.property(lists, (commands) => {
      run(commands, () => new Sharing());
    }),
    { numRuns: 100, seed: 1 },
  );
  expect(details.failed).toBe(true);
  const { scenario, message } = details.errorInstance as Counterexample;
  expect(details.errorInstance).toBeInstanceOf(Counterexample);
  expect(message).toContain('does not answer as Linux does');
  const [commands] = details.counterexample ?? [];
  const [text] = String(commands).split(' /*replayPath');
  for (const call of text.split(/,(?=(?:\w+: )?(?:\w+ = )?\w+\()/)) expect(scenario).toContain(`${call}\n`);
  expect(scenario.split('\n').length).toBeLessThanOrEqual(8);
});
