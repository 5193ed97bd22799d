import { describe, expect, it } from 'vitest';
import { isObject, parseObject } from '../../src/values/json.ts';

describe('isObject', () => {
	it.each([[{}], [{ a: 1 }], [Object.create(null)]])('takes %j', (value) => {
		expect(isObject(value)).toBe(true);
	});

	it.each([[null], [undefined], [[]], ['{}'], [1], [true]])('does not take %j', (value) => {
		expect(isObject(value)).toBe(false);
	});
});

describe('parseObject', () => {
	it('reads an object', () => {
		expect(parseObject(' {"a": [1]} ')).toEqual({ a: [1] });
	});

	it.each(['', '{', '[1]', 'null', '"a"', '{"a":1} {"b":2}'])('finds no object in %j', (text) => {
		expect(parseObject(text)).toBeUndefined();
	});
});
