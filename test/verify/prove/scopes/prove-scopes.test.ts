import { expect, it } from 'vitest';
import { scopeProperties } from '../../../../src/verify/prove/scopes/properties.ts';
import { checkScopes } from '../../../../src/verify/prove/scopes/prove-scopes.ts';
import { policyWith } from '../../../helpers/policy.ts';

it('a key with two models keeps every promise, in the first thousand states', () => {
	const { properties, states } = checkScopes(policyWith(), { bounds: { states: 1000 } });
	expect(properties.filter(({ holds }) => !holds)).toEqual([]);
	expect(properties.map(({ id }) => id)).toEqual(Object.keys(scopeProperties));
	expect(states).toBe(1000);
});
