import { Command, InvalidArgumentError } from 'commander';
import type { CallOptions } from './commands/call.ts';
import type { ServeOptions } from './commands/serve.ts';
import { UserError } from './commands/user-error.ts';
import { ConfigError } from './config/problems.ts';
import { version } from './paths.ts';

// Each command brings its own modules when it runs, so that none waits for another's.
const program = new Command('breakwater')
	.description('A failover proxy for AI APIs.')
	.version(version)
	.showSuggestionAfterError()
	.showHelpAfterError('(--help shows the commands and their options)');

program
	.command('serve')
	.description('run the proxy')
	.option('-c, --config <file>', 'the configuration; default config/gateway.yaml, else simulated providers')
	.option('-p, --port <number>', 'the port; overrides server.port', parsePort)
	.option('--host <address>', 'the address to listen on; overrides server.host')
	.action(async (options: ServeOptions) => (await import('./commands/serve.ts')).serve(options));

program
	.command('call')
	.description('make one call through the configured chain, without a server')
	.argument('<prompt>', 'what to say to the model')
	.option('-c, --config <file>', 'the configuration; default config/gateway.yaml, else simulated providers')
	.option('--profile <name>', 'the profile, or a target such as openai/gpt-5.4')
	.option('--no-stream', 'ask for the whole answer at once')
	.option('--trace', 'print the walk through the chain, on standard error')
	.action(async (prompt: string, options: CallOptions) => (await import('./commands/call.ts')).call(prompt, options));

program
	.command('demo')
	.description('rehearse an outage under load, against simulated providers, in about twenty seconds')
	.action(async () => (await import('./commands/demo.ts')).demo());

function parsePort(text: string): number {
	const port = Number(text);
	if (/^\d+$/.test(text) && port <= 65535) return port;
	throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 is any free one.');
}

/**
 * Runs the command line of this process. A mistake of the user ends in one clear message and exit code 1.
 */
export async function run(): Promise<void> {
	try {
		await program.parseAsync();
	} catch (error) {
		if (!(error instanceof UserError) && !(error instanceof ConfigError)) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exitCode = 1;
	}
}
