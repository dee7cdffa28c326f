import { testCases } from '../helpers/case-tests.ts';

testCases('flock');
