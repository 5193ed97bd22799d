import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, createSecretSearch } from '../../src/gateway/redact.ts';

const secrets = ['abcd-secret-1', 'abcd', 'xyz', '12345678'];
const redact = createRedactor(secrets);
const hasSecret = createSecretSearch(secrets);

describe('a search for secrets', () => {
	it.each([
		['a secret', 'has abcd in it', true],
		['one that begins with another', 'abcd-secret-1', true],
		['one that is too short to be taken out', 'xyz', false],
		['a key of somebody else', 'sk-0123456789', true],
		['a bearer token', 'Bearer x', true],
		['a count', '9999', false],
		['an id of a request', 'req_7f3e9a', false],
	])('%s', (_what, text, found) => {
		expect(hasSecret(text)).toBe(found);
		// Asked again, the answer is the same: a search must not go on from where the last one ended.
		expect(hasSecret(text)).toBe(found);
	});

	it('finds what a redactor takes out, and nothing else', () => {
		const pieces = fc.constantFrom(...secrets, 'sk-', 'key_', 'AIza', 'Bearer ', 'token', ' ', '-', '9', 'abc', 'd');
		fc.assert(
			fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 6 })), { maxLength: 6 }), (parts) => {
				const text = parts.join('');
				expect(hasSecret(text)).toBe(redact(text) !== text);
			}),
		);
	});
});
