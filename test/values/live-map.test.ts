import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { LiveMap } from '../../src/values/live-map.ts';

it('holds what has come and not gone, in the order in which it came', () => {
	const map = new LiveMap<{ n: number }>();
	for (const n of [1, 2, 3]) map.set(`key ${n}`, { n });
	map.delete('key 2');
	map.delete('key 2');
	map.set('key 1', { n: 4 });
	expect(map.size).toBe(2);
	expect(map.get('key 2')).toBeUndefined();
	expect(map.get('key 1')).toEqual({ n: 4 });
	expect(map.values()).toEqual([{ n: 3 }, { n: 4 }]);
});

/** Prints by how much the heap has grown after 5000 values of 12 kB came and went, of which the young ones were collected, MB. */
const churn = `
	const { LiveMap } = await import(process.argv[1]);
	const map = new LiveMap();
	const collectYoung = () => { for (let i = 0; i < 3; i++) gc({ type: 'minor' }); };
	let next = 0;
	const step = () => {
		map.set('key ' + next, { data: new Array(1500).fill(next) });
		map.delete('key ' + (next - 60));
		next++;
	};
	for (let i = 0; i < 70; i++) step();
	collectYoung();
	const before = process.memoryUsage().heapUsed;
	for (let i = 0; i < 5000; i++) step();
	collectYoung();
	console.log((process.memoryUsage().heapUsed - before) / 1e6);
`;

it('leaves what has gone to the next scavenge', async () => {
	const file = import.meta.resolve('../../src/values/live-map.ts');
	const flags = ['--expose-gc', '--max-semi-space-size=16', '--input-type=module'];
	const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', churn, file]);
	// In a plain Map they stay, and it is over 40.
	expect(Number(stdout)).toBeLessThan(10);
});
