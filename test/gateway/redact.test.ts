import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/gateway/redact.ts';

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
