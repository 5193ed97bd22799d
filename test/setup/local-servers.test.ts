import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { findLocalServers } from '../../src/setup/local-servers.ts';
import { listing, type ModelServer, noLocalServers, startServer } from '../helpers/model-server.ts';

const known = loadKnownModels();
const open: ModelServer[] = [];

afterEach(() => {
	for (const server of open.splice(0)) server.close();
});

async function serve(...args: Parameters<typeof startServer>): Promise<string> {
	const server = await startServer(...args);
	open.push(server);
	return server.port;
}

async function ollama(address: string) {
	const servers = await findLocalServers(known, { ...noLocalServers, OLLAMA_HOST: address });
	return servers.find(({ name }) => name === 'ollama');
}

describe('findLocalServers', () => {
	test('lists the models that chat, with the window that the server tells, and those that make embeddings', async () => {
		const port = await serve(
			listing('qwen3:8b', 'nomic-embed-text', 'bge-reranker', { id: 'tuned', max_model_len: 4096 }),
		);
		expect(await ollama(port)).toEqual({
			name: 'ollama',
			title: 'Ollama',
			baseUrl: `http://127.0.0.1:${port}/v1`,
			state: 'answers',
			models: [{ name: 'qwen3:8b' }, { name: 'tuned', contextWindow: 4096 }],
			embeddingModels: ['nomic-embed-text'],
		});
	});

	test.each([
		(port: string) => `127.0.0.1:${port}`,
		(port: string) => `:${port}`,
		(port: string) => `0.0.0.0:${port}`,
		(port: string) => `http://127.0.0.1:${port}`,
		(port: string) => `http://127.0.0.1:${port}/v1/`,
		(port: string) => ` localhost:${port} `,
	])('reads an address the way people write it: %s', async (write) => {
		const port = await serve(listing('m'));
		expect(await ollama(write(port))).toMatchObject({ state: 'answers', models: [{ name: 'm' }] });
	});

	test('passes over names that would command a terminal or fit into no configuration', async () => {
		const port = await serve(listing('\u001b[31mred', ' padded', '', { id: 7 }, { name: 'no id' }, 'good'));
		expect((await ollama(port))?.models).toEqual([{ name: 'good' }]);
	});

	test('gives up on servers that hang, all at once, in bounded time', async () => {
		const silent = await serve(() => {});
		const slow = await serve((_request, response) => {
			response.writeHead(200).write('{"data":[');
		});
		const startedAt = performance.now();
		const servers = await findLocalServers(known, {
			OLLAMA_HOST: silent,
			LM_STUDIO_HOST: slow,
			VLLM_HOST: silent,
			LLAMA_CPP_HOST: slow,
		});
		expect(performance.now() - startedAt).toBeLessThan(5500);
		expect(servers.map(({ state }) => state)).toEqual(['hangs', 'hangs', 'hangs', 'hangs']);
		expect(servers[0]?.problem).toMatch(/does not answer/);
	});

	test.each<[string, Parameters<typeof startServer>[0], RegExp]>([
		['a page', (_request, response) => response.end('<html>'), /something else than a model server/],
		['nothing found', (_request, response) => response.writeHead(404).end('{}'), /something else than a model server/],
		['a key wanted', (_request, response) => response.writeHead(401).end('{}'), /wants a key/],
		['a list of something else', (_request, response) => response.end('[1]'), /something else than a model server/],
		['a Breakwater', listing({ id: 'default', owned_by: 'breakwater' }), /is a Breakwater/],
		[
			'a redirect',
			(_request, response) => response.writeHead(302, { location: '/else' }).end(),
			/something else than a model server/,
		],
	])('tells what answers instead of a model server: %s', async (_name, answer, problem) => {
		const found = await ollama(await serve(answer));
		expect(found).toMatchObject({ state: 'other', models: [], problem: expect.stringMatching(problem) });
	});

	test('follows no answer without end', async () => {
		const port = await serve((_request, response) => {
			const pour = () => {
				while (response.write('x'.repeat(65_536)));
			};
			response.on('drain', pour);
			pour();
		});
		expect(await ollama(port)).toMatchObject({ state: expect.stringMatching(/other|hangs/) });
	});

	test('tells a server without models, and one that speaks no HTTP', async () => {
		expect(await ollama(await serve(listing()))).toMatchObject({
			state: 'answers',
			models: [],
			problem: expect.stringMatching(/no model that chats/),
		});
		const raw = createTcpServer((socket) => socket.end('SSH-2.0\r\n')).listen(0, '127.0.0.1');
		await new Promise((resolve) => raw.once('listening', resolve));
		const address = raw.address();
		const port = typeof address === 'object' && address !== null ? String(address.port) : '';
		expect(await ollama(port)).toMatchObject({ state: 'other' });
		raw.close();
	});

	test.each([
		['192.0.2.7:11434', 'elsewhere', /another machine/],
		['https://models.example.com', 'elsewhere', /another machine/],
		['::nonsense::', 'other', /no port, host or URL/],
	])('asks nobody at %s', async (address, state, problem) => {
		expect(await ollama(address)).toMatchObject({ state, problem: expect.stringMatching(problem) });
	});

	test('says nothing of a server that is not there', async () => {
		const found = await ollama('1');
		expect(found).toMatchObject({ state: 'absent', models: [] });
		expect(found).not.toHaveProperty('problem');
	});
});
