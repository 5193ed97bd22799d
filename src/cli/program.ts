import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { defaultAddress } from '../config/default-address.ts';
import { ConfigError } from '../config/problems.ts';
import { version } from '../values/package-paths.ts';
import { UserError } from '../values/user-error.ts';
import { scriptHelp } from '../verify/play/script-help.ts';
import { defaultBounds } from '../verify/prove/default-bounds.ts';
import type { BootstrapFlags } from './commands/bootstrap.ts';
import type { CallFlags } from './commands/call.ts';
import type { CheckFlags } from './commands/check.ts';
import type { Shell } from './commands/completion.ts';
import type { DiscoverFlags } from './commands/discover.ts';
import type { ExplainFlags } from './commands/explain.ts';
import type { ImportFlags, ImportWithKeysFlags } from './commands/import.ts';
import type { InitFlags } from './commands/init.ts';
import { ignoreClosedOutput } from './commands/output.ts';
import type { PricesFlags } from './commands/prices.ts';
import type { SelfcheckFlags } from './commands/selfcheck.ts';
import type { ServeFlags } from './commands/serve.ts';

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
	.option('--no-check', 'start even if lint rules find errors, and print no warnings')
	.option('--inspect [port]', 'show the actors in the Stately Inspector, on this machine; default port 8080', parsePort)
	.action(async (options: ServeFlags) => (await import('./commands/serve.ts')).serve(options));

program
	.command('call')
	.description('make one call through the configured chain, without a server')
	.argument('<prompt>', 'what to say to the model')
	.option('-c, --config <file>', 'the configuration; default config/gateway.yaml, else simulated providers')
	.option('--profile <name>', 'the profile, or a target such as openai/gpt-5.4')
	.option('--no-stream', 'ask for the whole answer at once')
	.option('--trace', 'print the trace (what was tried, and how it went) on standard error')
	.action(async (prompt: string, options: CallFlags) => (await import('./commands/call.ts')).call(prompt, options));

program
	.command('check')
	.description('prove what a configuration does, before it carries traffic')
	.argument('[file]', 'the configuration; default config/gateway.yaml, else the simulated providers')
	.option('-c, --config <file>', 'the same as FILE')
	.option('--json', 'print the whole report as JSON')
	.addOption(
		new Option('--mermaid', 'print the counterexamples as a diagram; where all holds, the worst cases').conflicts(
			'json',
		),
	)
	.option(
		'--bound <states>',
		`explore up to so many states of each provider and profile; default: ${defaultBounds.provider} of a provider, ${defaultBounds.profile} of a profile, fewer where its chain has more than 60 targets`,
		parseBound,
	)
	.option(
		'--total <transitions>',
		`explore up to so many transitions in the whole check; default: ${defaultBounds.total}`,
		parseTotal,
	)
	.option('--profile <name>', 'check one profile only, and show its worst cases step by step')
	.addHelpText('after', '\nExit codes: 0 it holds, 1 it does not, 2 it could not be checked.')
	// Commander's own code for a wrong option is 1, which means here that the configuration does not hold.
	.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
	.action(async (file: string | undefined, options: CheckFlags) =>
		(await import('./commands/check.ts')).check(file, options),
	);

program
	.command('explain')
	.description('show what happens to one imagined request, step by step')
	.argument('[file]', 'the configuration; default config/gateway.yaml, else the simulated providers')
	.option('-c, --config <file>', 'the same as FILE')
	.option('--profile <name>', 'the profile, or a target such as openai/gpt-5.4; default: the default profile')
	.addOption(
		new Option(
			'--when <script>',
			'what the providers do, such as "openai: 429 retry-after=30; anthropic: timeout"',
		).default('', 'all answer'),
	)
	.addOption(new Option('--stream', 'the client asks for a stream').default(true, 'it does'))
	.option('--no-stream', 'the client asks for the whole answer at once')
	.option('--json', 'print the case as JSON; its times are ms since the request began')
	.addOption(new Option('--mermaid', 'print it as a sequence diagram').conflicts('json'))
	.addHelpText(
		'after',
		`\n${scriptHelp}\n\nExit codes: 0 explained, 1 a wrong option or script, 2 the configuration cannot be read.`,
	)
	.action(async (file: string | undefined, options: ExplainFlags) =>
		(await import('./commands/explain.ts')).explain(file, options),
	);

program
	.command('prices')
	.description('show what every target of a configuration costs, and where that price is from')
	.argument('[file]', 'the configuration; default config/gateway.yaml, else the simulated providers')
	.option('-c, --config <file>', 'the same as FILE')
	.option('--json', 'print it as JSON')
	.action(async (file: string | undefined, options: PricesFlags) =>
		(await import('./commands/prices.ts')).prices(file, options),
	);

program
	.command('discover')
	.description('look for API keys, local model servers and configurations; no key is shown or tried')
	.option('--json', 'print it as JSON')
	.option(
		'-p, --port <number>',
		`the port to look at; default that of the configuration, else ${defaultAddress.port}`,
		parsePort,
	)
	.action(async (options: DiscoverFlags) => (await import('./commands/discover.ts')).discoverCommand(options));

program
	.command('init')
	.description('write a configuration from the keys and model servers that are found')
	.option('-o, --out <file>', 'the file to write', 'config/gateway.yaml')
	.option('-y, --yes', 'ask nothing, and take what is found')
	.option('--default-model <target>', 'the target that comes first, such as openai/gpt-5.4')
	.option('-p, --port <number>', `the port to listen on; default ${defaultAddress.port}`, parsePort)
	.option('--force', 'replace a file that is there')
	.option('--simulated', 'write simulated providers, which need no key')
	.addHelpText(
		'after',
		'\nExit codes: 0 written, 1 not written, or written without a provider whose key cannot be right.',
	)
	.action(async (options: InitFlags) => (await import('./commands/init.ts')).init(options));

program
	.command('bootstrap')
	.description('set everything up: look for keys, write a configuration, check it, run it, test it')
	.option('-o, --out <file>', 'the configuration, which is written where there is none', 'config/gateway.yaml')
	.option('--default-model <target>', 'the target that comes first, such as openai/gpt-5.4')
	.option(
		'-p, --port <number>',
		`the port to write into a new configuration; default ${defaultAddress.port}`,
		parsePort,
	)
	.option('--simulated', 'write simulated providers, which need no key')
	.addOption(
		new Option('--start', 'run it in the background, with breakwater.pid and breakwater.log').conflicts('systemd'),
	)
	.option('--systemd', 'install and start it as a systemd service of this user')
	.addHelpText(
		'after',
		'\nWhat is there already is not changed: run twice, it changes nothing.\nExit codes: 0 all that was asked for is done, 1 something is not.',
	)
	.action(async (options: BootstrapFlags) => (await import('./commands/bootstrap.ts')).bootstrapCommand(options));

program
	.command('selfcheck')
	.description('ask a running proxy and every provider for an answer, and say what to do about what is wrong')
	.option(
		'-u, --url <address>',
		`the proxy; default the address of the configuration, else http://${defaultAddress.host}:${defaultAddress.port}`,
	)
	.option('-c, --config <file>', 'the configuration; default config/gateway.yaml, if there is one')
	.option('--key <key>', 'the key that the proxy gave you, if it wants one; better in the variable BREAKWATER_KEY')
	.option('--timeout <seconds>', 'how long to wait for one answer', parseSeconds, 30)
	.option('--json', 'print the findings as JSON')
	.addHelpText('after', '\nExit codes: 0 nothing failed, 1 something did.')
	.action(async (options: SelfcheckFlags) => (await import('./commands/selfcheck.ts')).selfcheckCommand(options));

const importing = program
	.command('import')
	.description('turn the configuration of another tool into one for Breakwater');

const importExits = '\nExit codes: 0 all of it was imported, 1 some of it was not, and standard error says what.';
const outHelp = 'the file to write; default, and for -, standard output';
// Not --env-file: Node takes that for itself, wherever it stands.
const keysHelp = 'write the keys into this env file, such as .env, which only you can read; default: nowhere';

importing
	.command('failproxy')
	.description("turn a folder of FailProxy's groups into profiles of the same names")
	.argument('<dir>', 'the folder with the JSON files, one for each group')
	.option('-o, --out <file>', outHelp)
	.option('--keys <file>', keysHelp)
	.option('--force', 'replace a file that is there; in the one of --keys, set these keys')
	.addHelpText('after', importExits)
	.action(async (folder: string, options: ImportWithKeysFlags) =>
		(await import('./commands/import.ts')).importFailProxyFolder(folder, options),
	);

importing
	.command('litellm')
	.description('turn the config.yaml of a LiteLLM proxy into providers, and a profile for each model_name')
	.argument('<file>', 'the YAML file')
	.option('-o, --out <file>', outHelp)
	.option('--keys <file>', keysHelp)
	.option('--force', 'replace a file that is there; in the one of --keys, set these keys')
	.addHelpText('after', importExits)
	.action(async (file: string, options: ImportWithKeysFlags) =>
		(await import('./commands/import.ts')).importLitellmFile(file, options),
	);

importing
	.command('openrouter')
	.description('turn an OpenRouter fallback file into profiles: default_chain, task_chains and settings')
	.argument('<file>', 'the YAML or JSON file')
	.option('-o, --out <file>', outHelp)
	.option('--force', 'replace a file that is there')
	.addHelpText('after', importExits)
	.action(async (file: string, options: ImportFlags) =>
		(await import('./commands/import.ts')).importOpenRouterFile(file, options),
	);

program
	.command('completion')
	.description('print a script with which your shell completes the commands and options of breakwater')
	.addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
	.addHelpText(
		'after',
		`
To use it:
  bash  echo 'eval "$(breakwater completion bash)"' >> ~/.bashrc
  zsh   breakwater completion zsh > "\${fpath[1]}/_breakwater"
  fish  breakwater completion fish > ~/.config/fish/completions/breakwater.fish`,
	)
	.action(async (shell: Shell) => (await import('./commands/completion.ts')).completion(shell, program));

program
	.command('demo')
	.description('rehearse an outage under load, against simulated providers, in about twenty seconds')
	.action(async () => (await import('./commands/demo.ts')).demo());

function parsePort(text: string): number {
	const port = Number(text);
	if (/^\d+$/.test(text) && port <= 65535) return port;
	throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 is any free one.');
}

function parseBound(text: string): number {
	return parseAmount(text, 'A bound is a whole number of states, of at least 1.');
}

function parseTotal(text: string): number {
	return parseAmount(text, 'A total is a whole number of transitions, of at least 1.');
}

function parseAmount(text: string, help: string): number {
	const amount = Number(text);
	if (/^\d+$/.test(text) && amount >= 1 && Number.isSafeInteger(amount)) return amount;
	throw new InvalidArgumentError(help);
}

function parseSeconds(text: string): number {
	const seconds = Number(text);
	if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= 3600) return seconds;
	throw new InvalidArgumentError('A time is a number of seconds, above 0 and of at most 3600.');
}

/**
 * Runs the command line of this process. A mistake of the user ends in one clear message and exit code 1.
 */
export async function run(): Promise<void> {
	ignoreClosedOutput();
	try {
		await program.parseAsync();
	} catch (error) {
		if (!(error instanceof UserError) && !(error instanceof ConfigError)) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exitCode = 1;
	}
}
