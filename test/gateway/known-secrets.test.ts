import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KEYS_REMEMBERED, KnownSecrets } from '../../src/gateway/known-secrets.ts';

test('a key is known from the moment it is added, in every way that it may be written', () => {
	const secrets = new KnownSecrets(['configured-1']);
	const text = 'the key token+A/9 of configured-1';
	expect(secrets.redact(text)).toBe('the key token+A/9 of [redacted]');
	expect(secrets.hasSecret('token+A/9')).toBe(false);
	secrets.add('a', 'token+A/9');
	expect(secrets.redact(text)).toBe('the key [redacted] of [redacted]');
	const written = ['token+A/9', 'token%2BA%2F9', Buffer.from('x:token+A/9').toString('base64')];
	for (const one of written) {
		expect(secrets.hasSecret(`<${one}>`)).toBe(true);
		// Asked again, the answer is the same: a search must not go on from where the last one ended.
		expect(secrets.hasSecret(`<${one}>`)).toBe(true);
		expect(secrets.redact(`<${one}>`)).toContain('[redacted]');
	}
});

test('one secret that holds another, or overlaps with it, leaves nothing', () => {
	const secrets = new KnownSecrets(['abcd', 'longer-than-that']);
	secrets.add('a', 'abcd-token-1');
	secrets.add('a', 'er-than');
	secrets.add('b', 'that-and-more');
	expect(secrets.redact('x abcd-token-1 y longer-than-that-and-more z abcd')).toBe(
		'x [redacted] y [redacted] z [redacted]',
	);
});

test('the last hundred keys of each credential are remembered, whatever another has', () => {
	const secrets = new KnownSecrets([]);
	secrets.add('quiet', 'token-of-quiet');
	for (let number = 0; number <= KEYS_REMEMBERED; number += 1) secrets.add('busy', `token-<${number}>`);
	// One that is given again is not a new one.
	secrets.add('busy', 'token-<100>');
	expect(secrets.hasSecret('token-<0>')).toBe(false);
	expect(secrets.redact('token-<1> token-<100> token-of-quiet')).toBe('[redacted] [redacted] [redacted]');
});

test('it does with keys that were added what it does with configured ones', () => {
	const text = fc.array(fc.constantFrom('abcd', 'efgh', 'e', 'x', ' ', 'sk-123456'), { maxLength: 8 });
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.constantFrom('abcd', 'efgh', 'xxxx', 'hab cd'), { minLength: 1 }),
			text,
			(keys, parts) => {
				const added = new KnownSecrets([]);
				for (const key of keys) added.add('a', key);
				const left = added.redact(parts.join(''));
				for (const key of keys) expect(left).not.toContain(key);
				expect(added.hasSecret(parts.join(''))).toBe(left !== parts.join(''));
			},
		),
	);
});
