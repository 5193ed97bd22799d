import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { bearer, postTo, serveFor } from '../../helpers/serve-per-test.ts';

const clientKey = 'planted-client-key-1';
export const clients = { web: { key: clientKey } };

/** This machine's address in its network, when it is in one. */
export const [lan] = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.filter(({ internal, family }) => !internal && family === 'IPv4')
	.map(({ address }) => address);

/** Hosts whose listener others can reach. */
export const openHosts = ['0.0.0.0', '::', ...(lan === undefined ? [] : [lan])];
/** Hosts that are this machine alone. */
export const localHosts = ['127.9.8.7', '::1', 'localhost'];

/** A process that listens on each of these hosts. */
export function describeHosts(open: readonly string[], local: readonly string[]): void {
	describe.concurrent('a host', () => {
		test.for(open)('%s is served when callers have keys', async (host, context) => {
			const perTest = await serveFor(context);
			const command = perTest.commands.start(...perTest.configured({ server: { clients } }), '--host', host);
			const { port } = new URL(await command.address());
			const address = `http://${host === lan ? host : '127.0.0.1'}:${port}/v1`;
			expect((await postTo(address)).status).toBe(401);
			expect((await postTo(address, {}, bearer(clientKey))).status).toBe(200);
			expect(command.stdout).not.toContain('planted');
			expect(command.stdout).toContain("-H 'authorization: Bearer THE-KEY-OF-web'");
		});

		test.for(local)('%s is this machine, and needs no keys', async (host, context) => {
			const perTest = await serveFor(context);
			const command = perTest.commands.start(...perTest.configured(), '--host', host);
			expect(await command.address()).toMatch(/^http:/);
		});
	});
}
