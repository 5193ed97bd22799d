import { describe, expect, it } from 'vitest';
import { readConfigText } from '../../src/config/load.ts';

const text = `providers:
  a: { baseUrl: "http://127.0.0.1:1", apiKey: ["\${KEY}", literal] }
  b:
    baseUrl: http://127.0.0.1:2
    policy: &patient
      timeouts: { firstToken: 60s }
  c: { baseUrl: "http://\${HOST}:3", policy: *patient }
profiles:
  one: { chain: [a/m, b/m] }
  two: { extends: one, policy: { timeouts: { request: 1m } } }
  three:
    extends: two
policy:
  retry: { backoff: 1s }
`;

const { positions } = readConfigText(text, { file: 'f.yaml', env: { KEY: 'k', HOST: '127.0.0.1' } });
const at = (...paths: (string | number)[][]) => {
	const { line, column } = positions.locate(...paths);
	return `${line}:${column}`;
};

describe('the place', () => {
	it('of a value is its beginning, of a map or a list its key', () => {
		expect(at(['policy', 'retry', 'backoff'])).toBe('14:21');
		expect(at(['policy', 'retry'])).toBe('14:3');
		expect(at(['profiles', 'one', 'chain'])).toBe('9:10');
		expect(at(['profiles', 'one', 'chain', 1])).toBe('9:23');
	});

	it('of several candidates is that of the first which is given', () => {
		const request = ['policy', 'timeouts', 'request'];
		expect(at(['profiles', 'three', ...request], ['profiles', 'two', ...request], request)).toBe('10:55');
	});

	it('of a default is the nearest thing around it', () => {
		expect(at(['policy', 'retry', 'factor'])).toBe('14:3');
		expect(at(['profiles', 'two', 'policy', 'timeouts', 'idle'])).toBe('10:34');
		expect(at(['profiles', 'three', 'policy', 'timeouts', 'idle'])).toBe('11:3');
		expect(at(['providers', 'a', 'policy', 'breaker', 'cooldown'])).toBe('2:3');
		expect(at(['server', 'host'])).toBe('1:1');
		expect(at()).toBe('1:1');
	});

	it('of what an alias repeats is where it is written', () => {
		expect(at(['providers', 'c', 'policy', 'timeouts', 'firstToken'])).toBe('6:31');
	});
});

it('knows what was written, what came from the environment, and what is not there', () => {
	const keys = ['providers', 'a', 'apiKey'];
	expect([0, 1, 2].map((index) => positions.isLiteral([...keys, index]))).toEqual([false, true, false]);
	expect([0, 1, 2].map((index) => positions.isGiven([...keys, index]))).toEqual([true, true, false]);
	expect(positions.isLiteral(['providers', 'c', 'baseUrl'])).toBe(false);
	expect(positions.keysOf(['profiles', 'two'])).toEqual(['extends', 'policy']);
	expect(positions.keysOf(['server'])).toEqual([]);
});

it('knows a profile and those that it extends, itself first', () => {
	expect(positions.lineageOf('three')).toEqual(['three', 'two', 'one']);
	expect(positions.lineageOf('one')).toEqual(['one']);
});
