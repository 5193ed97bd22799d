import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultAddress } from '../config/default-address.ts';
import { type FoundEnvironment, readEnvironment } from '../config/dotenv.ts';
import type { Variables } from '../config/interpolate.ts';
import { type KnownModels, loadKnownModels } from '../config/known-models.ts';
import { readConfig } from '../config/load.ts';
import { packageRoot } from '../values/package-paths.ts';
import { type FoundConfiguration, findConfigurations } from './configurations.ts';
import { type FoundKey, findKeys } from './keys.ts';
import { findLocalServers, type LocalServer } from './local-servers.ts';
import { findPortOwner, type Listening, type PortOwner } from './port.ts';

/** What is there to build a configuration from. It holds no key. */
export interface Discovery {
	node: { version: string; needed: string; isNewEnough: boolean };
	keys: readonly FoundKey[];
	localServers: readonly LocalServer[];
	configurations: readonly FoundConfiguration[];
	port: PortOwner;
	/** The day of the data about providers and models. */
	knownModelsAsOf: string;
	/** What could not be looked at, a sentence each. */
	problems: readonly string[];
}

/** What `init` needs beyond what is shown. */
export interface Surroundings {
	discovery: Discovery;
	known: KnownModels;
	environment: FoundEnvironment;
}

export interface DiscoverOptions {
	/** Where Breakwater's configuration stands or will stand. */
	file: string;
	/** Overrides the port of that configuration. */
	port?: number | undefined;
}

/**
 * Looks at the environment, at `.env` and the configurations around the working directory, and at this machine's own
 * ports. Nothing leaves this machine, and no key is tried.
 * @param processVariables such as `process.env`
 */
export async function discover(options: DiscoverOptions, processVariables: Variables): Promise<Surroundings> {
	const known = loadKnownModels();
	const environment = readEnvironment(processVariables);
	const address = { ...configuredAddress(options.file, environment.variables) };
	if (options.port !== undefined) address.port = options.port;
	const [localServers, port] = await Promise.all([
		findLocalServers(known, environment.variables),
		findPortOwner(address),
	]);
	const discovery = {
		node: nodeVersion(),
		keys: findKeys(known, environment, address.port),
		localServers,
		configurations: findConfigurations(options.file, environment.variables),
		port,
		knownModelsAsOf: known.asOf,
		problems: environment.problem === undefined ? [] : [environment.problem],
	};
	return { discovery, known, environment };
}

function configuredAddress(file: string, variables: Variables): Listening {
	try {
		return readConfig(file, variables).config.server;
	} catch {
		// Missing or broken: `findConfigurations` reports it.
		return defaultAddress;
	}
}

function nodeVersion(): Discovery['node'] {
	const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
		engines: { node: string };
	};
	const needed = engines.node.replace(/^\D+/, '');
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
	const isNewEnough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
	return { version: process.versions.node, needed, isNewEnough };
}
