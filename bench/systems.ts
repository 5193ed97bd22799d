import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { upstreamModel } from './chat.ts';

/** A place to run a system in: a free port for it, the upstream's port, and a directory for its files. */
export interface Site {
	port: number;
	upstreamPort: number;
	directory: string;
}

/** One of the systems that are compared, started as its own documentation says. */
export interface System {
	name: string;
	/** Answered with 200 as soon as the system takes requests. */
	readyPath: string;
	/** Headers that it needs besides the content type and the authorization. */
	headers: (site: Site) => Record<string, string>;
	/** Program and arguments; may write a configuration into the site's directory. */
	command: (site: Site) => string[];
	env: NodeJS.ProcessEnv;
}

/** This checkout. */
export const root = join(import.meta.dirname, '..');

/** The environment of this process without what would change how a system behaves. */
function plainEnvironment(): NodeJS.ProcessEnv {
	const changing = ['LOG_LEVEL', 'NODE_OPTIONS', 'NODE_ENV', 'NODE_COMPILE_CACHE'];
	return Object.fromEntries(Object.entries(process.env).filter(([name]) => !changing.includes(name)));
}

const bare: System = {
	name: 'bare',
	readyPath: '/health',
	headers: () => ({}),
	command: ({ port, upstreamPort }) => [
		process.execPath,
		join(import.meta.dirname, 'bare.ts'),
		String(port),
		`http://127.0.0.1:${upstreamPort}`,
	],
	env: plainEnvironment(),
};

/** How `npm start` of a checkout starts Node: `VARIABLE=value … exec node --flag … src/cli.ts serve`. */
export function startOf(folder: string): { words: string[]; env: NodeJS.ProcessEnv } {
	const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: { start: string } };
	const all = scripts.start.split(' ');
	const variables = all.slice(0, all.indexOf('exec')).map((word) => word.split('='));
	const words = all.slice(all.indexOf('node') + 1);
	return {
		words: words.map((word) => (word === 'src/cli.ts' ? join(folder, word) : word)),
		env: Object.fromEntries(variables),
	};
}

/**
 * Breakwater as a checkout has it.
 * @param folder of the checkout, in which `npm ci` has been run
 * @param provider what its configuration says of the mock provider beside address and key
 */
export function breakwaterOf(folder: string, name: string, provider: readonly string[] = []): System {
	const { words, env } = startOf(folder);
	return {
		name,
		readyPath: '/health',
		headers: () => ({}),
		command: ({ port, upstreamPort, directory }) => {
			const config = join(directory, 'breakwater.yaml');
			writeFileSync(
				config,
				`providers:\n  up: { ${[`baseUrl: 'http://127.0.0.1:${upstreamPort}/v1'`, 'apiKey: bench', ...provider].join(', ')} }\n` +
					`profiles:\n  default: { chain: [up/${upstreamModel}] }\n`,
			);
			return [process.execPath, ...words, '--config', config, '--port', String(port)];
		},
		env: { ...plainEnvironment(), ...env },
	};
}

/** Where the program of the peer is once it is installed. */
export const portkeyProgram = join(import.meta.dirname, 'node_modules/@portkey-ai/gateway/build/start-server.js');

const portkey: System = {
	name: 'portkey',
	readyPath: '/',
	headers: ({ upstreamPort }) => ({
		'x-portkey-provider': 'openai',
		'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
	}),
	command: ({ port }) => [process.execPath, portkeyProgram, `--port=${port}`, '--headless'],
	// Loopback is trusted only as long as this is unset or names it.
	env: { ...plainEnvironment(), TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
};

export const systems: readonly System[] = [bare, breakwaterOf(root, 'breakwater'), portkey];
