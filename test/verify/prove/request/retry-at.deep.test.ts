import { expect, it, vi } from 'vitest';
import { checkProfile } from '../../../../src/verify/prove/request/prove-profile.ts';
import { caseAgainst, chainOf, routeOver } from './route.ts';

vi.mock(import('../../../../machines/request/progress.ts'), async (importOriginal) => ({
	...(await importOriginal()),
	earliestRetryAt: ({ retryAts, now, candidates }) =>
		Math.min(...candidates.map((_, position) => retryAts[position] ?? now)),
}));

it('a reply that tells the caller of a time in the past is found', () => {
	const { message } = caseAgainst(checkProfile(routeOver(chainOf(2))), 'retry-after-is-true');
	expect(message).toMatch(/^retryAt is -\d+ ms off: the first target would grant after 0 ms$/);
});
