/** Runs before each file of test/model and test/property: the seed for all of fast-check, unless a test names its own. */
import fc from 'fast-check';
import { seed } from './fuzz.ts';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seed() });
