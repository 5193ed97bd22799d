import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonText, listItems, topLevelMembers, withMembers } from '../../src/values/json-members.ts';

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

describe('a text that is rendered several times', () => {
	const json = new JsonText('{"a":1, "b":null, "c":[1, [2], {"d":3}]}', { a: undefined, e: '5' });

	it('has its own edits in each rendering, and those of the rendering over them', () => {
		expect(json.render({})).toBe('{"b":null, "c":[1, [2], {"d":3}],"e":5}');
		expect(json.render({ e: '6', b: '2' })).toBe('{"b":2, "c":[1, [2], {"d":3}],"e":6}');
	});

	it('has a member where one is rendered that is not null', () => {
		expect(['a', 'b', 'c', 'e', 'f'].filter((name) => json.has(name))).toEqual(['c', 'e']);
	});

	it('knows where the last item of a list begins', () => {
		const last = json.members.at(-1);
		expect(json.text.slice(last?.lastItem, last?.end)).toBe('{"d":3}]');
		expect(new JsonText('{"a":[ ]}').members[0]).not.toHaveProperty('lastItem');
		expect(new JsonText('{"a":{"b":[1]}}').members[0]).not.toHaveProperty('lastItem');
	});
});

describe('the items of a list', () => {
	it.each([
		['[]', []],
		['[ 1.0 , "a,]\\"" , [2,[3]],{"b":"]"} ]', ['1.0', '"a,]\\""', '[2,[3]]', '{"b":"]"}']],
	])('%s stand as they are written', (list, items) => {
		expect(listItems(list)).toEqual(items);
	});

	it('are the values of the list, whatever they are', () => {
		fc.assert(
			fc.property(fc.array(fc.jsonValue()), (list) => {
				for (const text of [JSON.stringify(list), JSON.stringify(list, null, 2)]) {
					expect(listItems(text).map((item) => JSON.parse(item))).toEqual(JSON.parse(text));
				}
			}),
		);
	});
});
