import { expect, it, vi } from 'vitest';
import { checkProfile } from '../../../../src/verify/prove/request/prove-profile.ts';
import { caseAgainst, chainOf, routeOver } from './route.ts';

vi.mock(import('../../../../machines/request/progress.ts'), async (importOriginal) => ({
	...(await importOriginal()),
	earliestRetryAt: ({ retryAts, now, candidates }) =>
		Math.max(now, Math.min(...candidates.map((_, position) => retryAts[position] ?? now))),
}));

it('a reply that believes a wait which has been kept in vain once is found', () => {
	const { message } = caseAgainst(checkProfile(routeOver(chainOf(2))), 'retry-after-is-true');
	expect(message).toMatch(/^retryAt is -\d+ ms off: the first target would grant after [1-9]/);
});
