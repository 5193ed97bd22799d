import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { KnownSecrets } from '../../src/gateway/known-secrets.ts';
import { createRedactor } from '../../src/gateway/redact.ts';

const secrets = ['abcd-secret-1', 'abcd', 'xyz', '12345678'];
const redact = createRedactor(secrets);
const { hasSecret } = new KnownSecrets(secrets);

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

const secret = 'p"l/a+n t&e=d\\9';

describe('a secret is taken out', () => {
	test.each([
		['as it is', secret],
		['escaped for a URL', encodeURIComponent(secret)],
		['escaped for a URL, in small letters', encodeURIComponent(secret).toLowerCase()],
		['escaped for a form', new URLSearchParams([['', secret]]).toString().slice(1)],
		['escaped in part', encodeURI(secret)],
		['escaped twice', encodeURIComponent(encodeURIComponent(secret))],
		['in JSON', JSON.stringify(secret).slice(1, -1)],
		['in JSON within JSON', JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1)],
		['in JSON with escaped slashes', secret.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('/', '\\/')],
	])('%s', (_how, written) => {
		expect(createRedactor([secret])(`before ${written} after`)).toBe('before [redacted] after');
	});

	test('in base64, of either alphabet, wherever it stands in what was encoded', () => {
		fc.assert(
			fc.property(
				fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme-ascii' }),
				fc.string({ maxLength: 7, unit: 'grapheme-ascii' }),
				fc.string({ maxLength: 7, unit: 'grapheme-ascii' }),
				(planted, before, after) => {
					const whole = Buffer.from(before + planted + after);
					const redact = createRedactor([planted]);
					for (const encoded of [whole.toString('base64'), whole.toString('base64url')]) {
						for (const written of [encoded, encodeURIComponent(encoded)]) {
							const left = redact(written);
							expect(left).toContain('[redacted]');
							const read = Buffer.from(decodeURIComponent(left.replace('[redacted]', '')), 'base64').toString();
							expect(read.length).toBeLessThanOrEqual(before.length + after.length + 2);
						}
					}
				},
			),
		);
	});

	test('whatever characters it has, and whatever else is a secret', () => {
		fc.assert(
			fc.property(
				fc.array(fc.string({ minLength: 4, maxLength: 20, unit: 'binary' }), { minLength: 1, maxLength: 8 }),
				(secrets) => {
					const redact = createRedactor(secrets);
					for (const one of secrets) expect(redact(`<${one}>`)).not.toContain(`<${one}>`);
				},
			),
		);
	});

	test('the longer one, where one begins another', () => {
		const redact = createRedactor(['abcd', 'abcdefgh', 'abcdef', 'abcd']);
		expect(['abcd', 'abcdef', 'abcdefgh', 'abcde'].map(redact)).toEqual([
			...['[redacted]', '[redacted]', '[redacted]', '[redacted]e'],
		]);
	});

	test('however long it is, and however many there are', () => {
		const long = 'x'.repeat(400_000);
		const many = Array.from({ length: 2000 }, (_, index) => `number-${index}-of-many`);
		const redact = createRedactor([long, ...many]);
		expect(redact(`${long} and ${many[1999]}`)).toBe('[redacted] and [redacted]');
	});
});

test('words are let be that are no secret', () => {
	const redact = createRedactor(['abc', '']);
	expect(redact('abc, and nothing else: 50 % of a+b')).toBe('abc, and nothing else: 50 % of a+b');
});
