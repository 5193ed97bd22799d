import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { createMetrics } from '../../../src/observe/metrics/metrics.ts';
import { soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { completionOf } from '../../helpers/upstream.ts';
import { scrape, valuesOf } from './scrape.ts';

let breakwater: TestGateway | undefined;
let provider: Server;
let connections: Socket[];

beforeEach(async () => {
	connections = [];
	const body = JSON.stringify(completionOf('ok'));
	const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
	provider = createServer((socket) => {
		connections.push(socket);
		socket.on('error', () => {});
		socket.on('data', () => void socket.write(answer));
	}).listen(0, '127.0.0.1');
	await once(provider, 'listening');
});

afterEach(async () => {
	await breakwater?.close();
	breakwater = undefined;
	for (const socket of connections) socket.destroy();
	provider.close();
});

it('each connection that ends because of bytes that belong to no answer is counted', async () => {
	const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
	breakwater = await startGateway({ names: ['a'], providers: { a: { baseUrl } } });
	const { origin, post } = breakwater;
	const surplus = async () => Object.values(valuesOf(await scrape(origin), 'breakwater_surplus_connections_total'));
	await Promise.all([post(), post()].map(async (response) => (await response).text()));
	expect(await surplus()).toEqual([]);
	expect(connections).toHaveLength(2);
	for (const socket of connections) socket.write('<html>');
	await soon(async () => expect(await surplus()).toEqual([2]));
});

it('look-ups that fail and those that are late are counted', async () => {
	const text = 'providers: { a: { baseUrl: "http://127.0.0.1:1" } }\nprofiles: { default: { chain: [a/m] } }\n';
	const metrics = createMetrics(parseConfig(text, { file: 'f.yaml', env: {} }), '0');
	const found = async () => (await metrics.text()).match(/^breakwater_look_up_troubles_total.*$/gm);
	const count = (failed: number, late: number) =>
		['failed', 'late'].map(
			(trouble, index) => `breakwater_look_up_troubles_total{trouble="${trouble}"} ${[failed, late][index]}`,
		);
	expect(await found()).toEqual(count(0, 0));
	for (const trouble of ['late', 'failed', 'late'] as const) metrics.observer.lookUpTroubled?.(trouble);
	expect(await found()).toEqual(count(1, 2));
});
