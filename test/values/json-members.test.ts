import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topLevelMembers, withMembers } from '../../src/values/json-members.ts';

describe('withMembers', () => {
	it('leaves every other byte alone', () => {
		const json = '{ "a" : 1.0 ,\n "model":"x",  "big": 12345678901234567890, "s":"\\u00e9\\\\\\"}," }';
		expect(withMembers(json, { model: '"y"' })).toBe(json.replace('"x"', '"y"'));
	});

	it.each([
		['{}', { model: '"m"' }, '{"model":"m"}'],
		['{"failover":{"profile":"x"},"n":1}', { failover: undefined }, '{"n":1}'],
		['{"n":1 , "failover":[1,{"a":"}"}]}', { failover: undefined }, '{"n":1}'],
		['{"failover":1}', { failover: undefined }, '{}'],
		['{"failover":1}', { failover: undefined, model: '"m"' }, '{"model":"m"}'],
		['{"model":1,"x":2,"model":3}', { model: '"m"' }, '{"model":"m","x":2}'],
		['{"mo\\u0064el":1}', { model: '"m"' }, '{"mo\\u0064el":"m"}'],
	])('edits %s', (json, edits, expected) => {
		expect(withMembers(json, edits)).toBe(expected);
	});

	it('means what an edit of the parsed object means, for any object', () => {
		fc.assert(
			fc.property(
				fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
				fc.constantFrom(undefined, ' ', '\t'),
				(object, indent) => {
					const json = JSON.stringify(object, null, indent);
					const { failover: _, ...rest } = JSON.parse(json);
					const edited = withMembers(json, { model: '"m"', failover: undefined });
					expect(JSON.parse(edited)).toEqual({ ...rest, model: 'm' });
				},
			),
		);
	});
});

it('topLevelMembers finds the text of each value', () => {
	const json = '{"a":[1,{"b":"]"}],"c":"\\\\","d":null}';
	expect(topLevelMembers(json).map(({ key, valueStart, end }) => [key, json.slice(valueStart, end)])).toEqual([
		['a', '[1,{"b":"]"}]'],
		['c', '"\\\\"'],
		['d', 'null'],
	]);
});
