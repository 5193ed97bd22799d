import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Config, ServerConfig } from '../../config/config.ts';
import { readEnvironment } from '../../config/dotenv.ts';
import { findConfig } from '../../config/find-config.ts';
import { joinObservers } from '../../contract/observer.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import { adminSources } from '../../http/admin/admin-sources.ts';
import { readCertificate } from '../../http/certificate.ts';
import { inspectorRoutes } from '../../http/inspector/inspector-routes.ts';
import { listenAt } from '../../http/listen.ts';
import { Load } from '../../http/load/load.ts';
import { createServer } from '../../http/server.ts';
import { Feed } from '../../observe/inspector/feed.ts';
import type { StatelyBridge } from '../../observe/inspector/stately.ts';
import { createLog, type Logger, logObserver } from '../../observe/log/log.ts';
import { type LogFiles, openLogFiles } from '../../observe/log/log-files.ts';
import { createMetrics } from '../../observe/metrics/metrics.ts';
import { createNotifications, type Notifications } from '../../observe/notifications/notifications.ts';
import { RecentRequests, recentObserver } from '../../observe/recent-requests.ts';
import { proxyAgent, readProxies } from '../../upstream/proxies.ts';
import { isLoopback } from '../../values/loopback.ts';
import { openAddress } from '../../values/open-address.ts';
import { version } from '../../values/package-paths.ts';
import { UserError } from '../../values/user-error.ts';
import { banner } from './banner.ts';

export interface ServeFlags {
	config?: string;
	host?: string;
	port?: number;
	/** Whether the configuration is checked by the lint rules first. Default: true. */
	check?: boolean;
	/** Bridge the actors to the Stately Inspector, on this port; `true` is its usual one. */
	inspect?: number | true;
}

/**
 * Runs the proxy until a signal ends it.
 * @throws ConfigError, or UserError when the configuration would do harm, or the address cannot be listened on
 */
export async function serve(options: ServeFlags): Promise<void> {
	const found = findConfig(options.config);
	const { config, isEmbedded } = found;
	if (!isEmbedded && options.check !== false) {
		const { guardConfig } = await import('./guard-config.ts');
		guardConfig(found, options.host, (line) => process.stderr.write(line));
	}
	// Before anything has begun that would have to be ended again.
	if (config.server.tls !== undefined) readCertificate(config.server.tls);
	const metrics = createMetrics(config, version);
	const log = createLog(process.env.LOG_LEVEL, await openedLogFiles(config), { onLost: metrics.linesLost });
	const proxies = readProxies(readEnvironment(process.env).variables);
	const notifications = createNotifications(config, {
		log,
		onOutcome: metrics.notified,
		dispatcherOf: (url) => {
			const proxy = proxies(url);
			return proxy && proxyAgent(proxy);
		},
	});
	const recent = new RecentRequests();
	const feed = new Feed(config);
	const observer = joinObservers([
		logObserver(log),
		metrics.observer,
		notifications.observer,
		feed.observer,
		// Without its key nobody can ask for them, and keeping what nobody asks for costs every request a little.
		...(config.server.adminKey === undefined ? [] : [recentObserver(recent)]),
	]);
	const bridge = options.inspect === undefined ? undefined : await openedBridge(options.inspect);
	const obeyed = endOnSignal();
	const gateway = await createGateway(config, observer, { ...bridge, proxies }).finally(obeyed);
	metrics.watch(() => gateway.health());
	notifications.watch(gateway);
	const drain = { isDraining: false };
	const onWrongAdminKey = (by: string) => log.warn({ by }, 'a wrong key for the admin API');
	const load = new Load(config.server.limits);
	metrics.watchLoad(() => load.figures);
	metrics.watchBudgets(() => gateway.budgets);
	if (gateway.budgets.length > 0) log.info('budgets are counted in memory: all of them begin anew now');
	const server = createServer(gateway, {
		...config.server,
		load,
		routing: config.routing,
		admin: adminSources(config, recent),
		onWrongAdminKey,
		onCertificateProblem: (message) => log.warn(`the renewed certificate is not used: ${message}`),
		onRefused: (refused) => observer.callRefused?.(refused),
		onUnknownModel: (model, route) => observer.modelUnknown?.(model, route),
		isDraining: () => drain.isDraining,
		onCrash: (error, requestId) => observer.crashed?.(error, requestId),
		metrics,
		version,
	});
	server.register(inspectorRoutes(feed, gateway, { adminKey: config.server.adminKey, onWrongKey: onWrongAdminKey }));
	const address = await listen(server, config, options).catch(async (error) => {
		// Simulated providers and the bridge listen too, and would keep the process alive.
		await gateway.close();
		await bridge?.close();
		throw error;
	});
	stopOnSignal(server, gateway, notifications, log, config.server, drain);
	// Requests are isolated from each other; a fault that escaped one must not cut off the streams of all the others.
	process.on('uncaughtException', (error) => observer.crashed?.(error, 'outside any request'));
	process.stdout.write(banner(config, gateway, { address, isEmbedded, proxies }));
	if (bridge !== undefined) process.stdout.write(`The Stately Inspector shows the actors at ${bridge.url}\n\n`);
}

/**
 * While the first keys are fetched, a signal ends the process as it does anyway, but with the commands that it has started.
 * @returns what ends that
 */
function endOnSignal(): () => void {
	const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
	const end = (signal: NodeJS.Signals) => process.exit(codes[signal as keyof typeof codes]);
	for (const signal of Object.keys(codes)) process.on(signal, end);
	return () => {
		for (const signal of Object.keys(codes)) process.off(signal, end);
	};
}

async function openedLogFiles({ logs }: Config): Promise<LogFiles | undefined> {
	if (logs === undefined) return undefined;
	return openLogFiles(logs).catch(({ message }: Error) => {
		throw new UserError(message);
	});
}

async function openedBridge(port: number | true): Promise<StatelyBridge> {
	const { openStatelyBridge } = await import('../../observe/inspector/stately.ts');
	return openStatelyBridge(port === true ? 8080 : port).catch(() => {
		throw new UserError(
			`The Stately Inspector cannot have port ${port === true ? 8080 : port}; choose another with --inspect PORT.`,
		);
	});
}

async function listen(server: FastifyInstance, config: Config, options: ServeFlags): Promise<string> {
	const host = options.host ?? config.server.host;
	const port = options.port ?? config.server.port;
	const addresses = await listenAt(server, { host, port }).catch((error: NodeJS.ErrnoException) => {
		throw new UserError(listenProblem(error, host, port));
	});
	// What a name or a wildcard stands for is known for certain only once it is bound.
	const open = addresses.find(({ address }) => !isLoopback(address));
	if (open !== undefined && config.server.clients === undefined) {
		await server.close();
		const { reason, advice } = openAddress(open.address);
		throw new UserError(`${reason}; ${advice}.`);
	}
	const { port: bound } = server.server.address() as AddressInfo;
	return `${config.server.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

function listenProblem({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
	if (code === 'EADDRINUSE') {
		return `Port ${port} on ${host} is in use; end the program that has it, or choose another with --port or server.port.`;
	}
	if (code === 'EACCES')
		return `Port ${port} may not be used by this user; choose one above 1023 with --port or server.port.`;
	if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
		return `${host} is not an address of this machine; set server.host or --host to one that is, such as 127.0.0.1.`;
	}
	return `Cannot listen on ${host}:${port}: ${message}.`;
}

/** How long notifications that are on their way may hold up the end of the process. */
const notificationDrainMs = 2000;

/** How long the last lines of the log may; longer than standard error waits for its reader, twice. */
const logFlushMs = 5000;

function stopPlan(drainDelay: number, drainTimeout: number): string {
	const finishing = `finishing open requests, for at most ${drainTimeout} ms (server.drainTimeout)`;
	return drainDelay === 0
		? finishing
		: `taking requests for ${drainDelay} ms more (server.drainDelay), then ${finishing}`;
}

/**
 * The first signal lets open requests finish, for a bounded time; a second one does not wait. `/ready`
 * fails at once, and load balancers have `drainDelay` to notice before new connections are refused.
 */
function stopOnSignal(
	server: FastifyInstance,
	gateway: Gateway,
	notifications: Notifications,
	log: Logger,
	{ drainDelay, drainTimeout }: Pick<ServerConfig, 'drainDelay' | 'drainTimeout'>,
	drain: { isDraining: boolean },
): void {
	const stop = async (signal: NodeJS.Signals) => {
		// A terminal that is closed sends two: from its shell, and from the system.
		if (drain.isDraining && signal === 'SIGHUP') return;
		if (drain.isDraining) process.exit(0);
		drain.isDraining = true;
		server.connections.drain();
		log.info(`${signal}: ${stopPlan(drainDelay, drainTimeout)}`);
		if (drainDelay > 0) await sleep(drainDelay);
		const cutOff = setTimeout(() => {
			log.warn('requests were still open after server.drainTimeout and have been cut off');
			gateway.interrupt();
			// A client that does not even read its error has had its time.
			setTimeout(() => server.server.closeAllConnections(), 1000).unref();
		}, drainTimeout);
		const idle = setInterval(() => server.connections.closeIdle(), 50);
		await server.close();
		await server.connections.furtherEnded();
		clearInterval(idle);
		clearTimeout(cutOff);
		await gateway.close();
		await notifications.close(notificationDrainMs);
		// A thread that hangs in a write, as to a file server that is gone, would hold up an exit for ever.
		setTimeout(() => process.kill(process.pid, 'SIGKILL'), logFlushMs);
		// A flush that meets a write on its way waits for that one alone, and leaves the lines that have come meanwhile.
		log.flush(() => log.flush(() => process.exit(0)));
	};
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
	// There is nothing to reload yet, and without a listener it would end the process in the midst of its streams.
	process.on('SIGHUP', stop);
}
