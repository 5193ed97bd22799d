import type { AddressInfo } from 'node:net';
import { parseConfig } from '../../../src/config/load.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../../src/gateway/gateway.ts';
import { adminSources } from '../../../src/http/admin/admin-sources.ts';
import { inspectorRoutes } from '../../../src/http/inspector/inspector-routes.ts';
import { createServer } from '../../../src/http/server.ts';
import { Feed } from '../../../src/observe/inspector/feed.ts';
import { RecentRequests } from '../../../src/observe/recent-requests.ts';
import { configText, type GatewaySetup, messages } from '../../helpers/gateway.ts';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';

export interface InspectedGateway {
	/** `http://127.0.0.1:43210`. */
	readonly origin: string;
	readonly gateway: Gateway;
	readonly feed: Feed;
	upstream(name: string): Upstream;
	post(body?: object): Promise<Response>;
	/** As a signal to stop does it. */
	closeServer(): Promise<void>;
	close(): Promise<void>;
}

export const operatorsKey = 'the-operators-own-key-0123';

/** A whole Breakwater with its inspector, in front of scripted upstreams. */
export async function startInspected(
	setup: GatewaySetup & { port?: number } = {},
	options: GatewayOptions = {},
): Promise<InspectedGateway> {
	const upstreams = new Map<string, Upstream>();
	for (const name of setup.names ?? ['a', 'b']) upstreams.set(name, await startUpstream());
	const baseUrls = Object.fromEntries([...upstreams].map(([name, { baseUrl }]) => [name, baseUrl]));
	const config = parseConfig(configText(setup, baseUrls), { file: 'test.yaml', env: {} });
	const feed = new Feed(config);
	const gateway = await createGateway(config, feed.observer, options);
	const admin = adminSources(config, new RecentRequests());
	const server = createServer(gateway, { ...config.server, version: '0.0.0', admin });
	server.register(inspectorRoutes(feed, gateway, { adminKey: config.server.adminKey }));
	await server.listen({ host: '127.0.0.1', port: setup.port ?? 0 });
	const origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
	return {
		origin,
		gateway,
		feed,
		upstream(name) {
			const upstream = upstreams.get(name);
			if (upstream === undefined) throw new Error(`the test started no upstream ${name}`);
			return upstream;
		},
		post: (body = {}) =>
			fetch(`${origin}/v1/chat/completions`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ messages, ...body }),
			}),
		closeServer: () => server.close(),
		async close() {
			await gateway.close();
			server.server.closeAllConnections();
			await server.close();
			await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
		},
	};
}
