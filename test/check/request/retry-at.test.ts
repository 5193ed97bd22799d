import { expect, it, vi } from 'vitest';
import { checkProfile } from '../../../src/check/request/check.ts';
import { caseAgainst, chainOf, routeOver } from './route.ts';

vi.mock(import('../../../machines/walk.ts'), async (importOriginal) => ({
	...(await importOriginal()),
	earliestRetryAt: ({ retryAts, now, rungs }) => Math.min(...rungs.map((_, position) => retryAts[position] ?? now)),
}));

it('a reply that tells the caller of a time in the past is found', () => {
	const { message } = caseAgainst(checkProfile(routeOver(chainOf(2))), 'retry-after-is-true');
	expect(message).toMatch(/^retryAt is -\d+ ms off: the first target would grant after 0 ms$/);
});
