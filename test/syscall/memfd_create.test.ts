import { testCases } from '../helpers/case-tests.ts';

testCases('memfd_create');
