import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfigText } from '../../src/config/load.ts';
import { heapForRequests } from '../../src/http/load/memory-budget.ts';
import { packageRoot } from '../../src/values/package-paths.ts';
import { secondCertificate } from '../helpers/certificates.ts';
import { documentedVariables, fileText, requiredEnvironment, usedVariables } from './documented.ts';
import { partAt } from './kubernetes.ts';

/** What V8 has for young objects by default, which is in its limit too, bytes. */
const youngSpace = 192 * 1024 ** 2;

const text = fileText('compose.yaml');
const service = partAt(parse(text), 'services.breakwater');
const production = fileText('config/production.yaml');
const listed = documentedVariables(text);
const namesOf = (isRequired: boolean) =>
	listed.flatMap((variable) => (variable.isRequired === isRequired ? [variable.name] : [])).sort();

it('lists the variables that its configuration needs, and those that it takes itself', () => {
	expect(namesOf(true)).toEqual(Object.keys(requiredEnvironment(production)).sort());
	expect(namesOf(false)).toEqual([...usedVariables(text).keys()].sort());
	expect([...usedVariables(text).values()].every(({ hasDefault }) => hasDefault)).toBe(true);
});

it('mounts the configuration where the image looks for it', () => {
	const [mount] = partAt(service, 'volumes') as { source: string; target: string; read_only: boolean }[];
	const [, source = ''] = /:-(.*)\}$/.exec(mount?.source ?? '') ?? [];
	expect(existsSync(join(packageRoot, source))).toBe(true);
	expect(fileText('Dockerfile')).toContain(`"--config", "${mount?.target}"`);
	expect(mount?.read_only).toBe(true);
});

it('keeps the log files of the configuration in a volume', () => {
	const [, logs] = partAt(service, 'volumes') as { source: string; target: string }[];
	expect(fileText('Dockerfile')).toContain(`BREAKWATER_LOGS=${logs?.target}`);
	expect(Object.keys(parse(text).volumes)).toEqual([logs?.source]);
});

it('can be reached from this machine only, unless somebody says otherwise', () => {
	const [port, ...others] = partAt(service, 'ports') as string[];
	expect(port).toMatch(/^\$\{BREAKWATER_PUBLISH:-127\.0\.0\.1:4010\}:4010$/);
	expect(others).toEqual([]);
});

it('waits for a stop as long as its configuration may take', () => {
	const env = requiredEnvironment(production);
	const { server } = readConfigText(production, { file: 'production.yaml', env }).config;
	const [, seconds] = /^(\d+)s$/.exec(String(partAt(service, 'stop_grace_period'))) ?? [];
	expect(Number(seconds) * 1000).toBeGreaterThanOrEqual(server.drainDelay + server.drainTimeout + 5_000);
});

it('has the memory and the descriptors that its limits need', () => {
	const { server } = readConfigText(production, {
		file: 'production.yaml',
		env: requiredEnvironment(production),
	}).config;
	const { memory, connections } = server.limits;
	const [, gigabytes] = /^(\d+)g$/.exec(String(partAt(service, 'mem_limit'))) ?? [];
	const memoryLimit = Number(gigabytes) * 1024 ** 3;
	// Node takes half of what a container has for old objects, and requests a quarter of that.
	expect(heapForRequests('', memoryLimit / 2 + youngSpace)).toBeGreaterThanOrEqual(memory);
	expect(memoryLimit).toBeGreaterThanOrEqual(memory + 256 * 1024 ** 2);
	expect(partAt(service, 'ulimits.nofile.soft')).toBeGreaterThan(2 * connections + 100);
});

it('may do nothing but serve', () => {
	expect(service).toMatchObject({
		read_only: true,
		cap_drop: ['ALL'],
		security_opt: ['no-new-privileges:true'],
		restart: 'unless-stopped',
	});
});

it('asks for its health as the image does', () => {
	const [, check = '[]'] = /^ {2}CMD (\[.*\])$/m.exec(fileText('Dockerfile')) ?? [];
	expect(partAt(service, 'healthcheck.test')).toEqual(['CMD', ...JSON.parse(check)]);
});

describe('the health check', () => {
	const program = (partAt(service, 'healthcheck.test') as string[]).at(-1) ?? '';

	/** @returns its exit code, where this answers at the port */
	async function checked(server: Server): Promise<number | null> {
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const { port } = server.address() as AddressInfo;
		const child = spawn(process.execPath, ['-e', program.replace('4010', String(port))]);
		const [code] = await once(child, 'exit');
		server.close();
		return code;
	}

	const answering = (status: number) => (_: IncomingMessage, response: ServerResponse) =>
		void response.writeHead(status).end('{}');

	it.each([
		['http', (status: number) => createServer(answering(status))],
		['https', (status: number) => createTlsServer(secondCertificate, answering(status))],
	])('asks over %s, too', async (_, serverThat) => {
		expect(await checked(serverThat(200))).toBe(0);
		expect(await checked(serverThat(500))).toBe(1);
	});

	it('fails where nobody answers', async () => {
		expect(await checked(createNetServer((socket) => void socket.destroy()))).toBe(1);
	});
});
