import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/values/loopback.ts';

describe('loopback', () => {
	it.each(['127.0.0.1', '127.255.0.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'])(
		'is %s',
		(address) => {
			expect(isLoopback(address)).toBe(true);
		},
	);

	it.each([
		'0.0.0.0',
		'::',
		'128.0.0.1',
		'192.168.1.127',
		'::2',
		'::ffff:192.0.2.1',
		'fe80::1%lo',
		'localhost',
		'',
		undefined,
	])('is not %s', (address) => {
		expect(isLoopback(address)).toBe(false);
	});
});
