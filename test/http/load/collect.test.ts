import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Collector } from '../../../src/http/load/collect.ts';

const MB = 1024 ** 2;

it('collects once so much has been left behind, and never for small requests', async () => {
	let collections = 0;
	const collector = new Collector(() => {
		collections += 1;
	});
	for (let count = 0; count < 1000; count++) collector.note(MB - 1);
	collector.note(20 * MB);
	await nextTurn();
	expect(collections).toBe(0);
	collector.note(20 * MB);
	// Not while whoever ended the request still holds it.
	expect(collections).toBe(0);
	await nextTurn();
	expect(collections).toBe(1);
	collector.note(20 * MB);
	await nextTurn();
	expect(collections).toBe(1);
});

it('collects when the process has grown much since it was least', () => {
	let collections = 0;
	const collector = new Collector(() => {
		collections += 1;
	});
	for (const resident of [300, 250, 281]) collector.look(resident * MB);
	expect(collections).toBe(0);
	collector.look(282 * MB);
	expect(collections).toBe(1);
	for (const resident of [320, 270, 301]) collector.look(resident * MB);
	expect(collections).toBe(1);
	collector.look(302 * MB);
	expect(collections).toBe(2);
});

it('really collects', async () => {
	const collector = new Collector();
	let isGone = false;
	const registry = new FinalizationRegistry(() => {
		isGone = true;
	});
	registry.register({ large: Buffer.alloc(MB) }, undefined);
	collector.note(40 * MB);
	for (let turn = 0; turn < 100 && !isGone; turn++) await nextTurn();
	expect(isGone).toBe(true);
});
