// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation of the YAML.
import { exec } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secondCertificate } from '../../helpers/certificates.ts';
import { Commands } from '../../helpers/command.ts';
import { soon } from '../../helpers/gateway.ts';
import { freePort, type ModelServer, noLocalServers, startServer } from '../../helpers/model-server.ts';
import { answers, startUpstream, type Upstream } from '../../helpers/upstream.ts';

let commands: Commands;
let upstream: Upstream;
let port: string;
const open: ModelServer[] = [];

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	upstream.always(answers('ok'));
	port = await freePort();
});

afterEach(async () => {
	if (existsSync(path('breakwater.pid'))) await stop();
	await commands.end();
	await upstream.close();
	for (const server of open.splice(0)) server.close();
});

const path = (file: string) => join(commands.folder, file);
const address = () => `http://127.0.0.1:${port}`;

/** A provider of the user's own is the one that a test can answer for. */
const own = () => ({ OWN_BASE_URL: upstream.baseUrl, OWN_API_KEY: 'PLANTED-KEY' });
const ownModel = ['--default-model', 'own/gpt-5.4'];

/** A configuration that somebody wrote: it is checked in a moment. */
function configured(more = ''): void {
	mkdirSync(path('config'), { recursive: true });
	const policy = 'policy: { breaker: { failureThreshold: 1, minimumVolume: 1, failureRate: 1, maxCooldown: 60s } }';
	const provider = `own: { baseUrl: "\${OWN_BASE_URL}", apiKey: "\${OWN_API_KEY}", ${policy} }`;
	const chain = 'default: { chain: [own/gpt-5.4] }';
	const text = `server: { port: ${port} }\nproviders: { ${provider} }\nprofiles: { ${chain} }\n${more}`;
	writeFileSync(path('config/gateway.yaml'), text);
}

async function bootstrap(env: Record<string, string>, ...args: string[]) {
	const environment = { ...noLocalServers, ...env };
	const { exit: code, stdout, stderr } = await commands.runWith(environment, 'bootstrap', '--port', port, ...args);
	expect(stdout + stderr).not.toMatch(/PLANTED|\.ts:\d/);
	const steps = [...stdout.matchAll(/^(\w+) +(done|as it was|not asked for|NOT DONE) {2}/gm)];
	return {
		code,
		stdout,
		stderr,
		steps: steps.map(([, name, outcome]) => `${name} ${outcome}`),
	};
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		// A process that has ended, and whose parent has not asked for its end, is no more.
		return !/^\d+ \(.*\) Z/.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
	} catch {
		return false;
	}
}

const pidNow = () => Number(readFileSync(path('breakwater.pid'), 'utf8'));

async function stop(): Promise<void> {
	const pid = pidNow();
	if (isAlive(pid)) process.kill(pid, 'SIGKILL');
	await soon(() => expect(isAlive(pid)).toBe(false));
}

/** What is in the folder, and when it was written. */
function state(): string[] {
	const files = readdirSync(commands.folder, { recursive: true, encoding: 'utf8' }).sort();
	return files.map((file) => `${file} ${statSync(path(file)).mtimeMs}`);
}

describe('bootstrap --start', () => {
	test('goes from an empty folder to a proxy that runs, and a second time changes nothing', async () => {
		const first = await bootstrap(own(), ...ownModel, '--start');
		expect(first).toMatchObject({ code: 0, stderr: '' });
		expect(first.steps).toEqual(['discover done', 'init done', 'check done', 'serve done', 'selfcheck done']);
		const pid = pidNow();
		const response = await fetch(`${address()}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'Hello' }] }),
		});
		expect(response.status).toBe(200);

		const before = state();
		const second = await bootstrap(own(), ...ownModel, '--start');
		expect(second.steps).toEqual([
			'discover done',
			'init as it was',
			'check done',
			'serve as it was',
			'selfcheck done',
		]);
		expect(second.code).toBe(0);
		expect(pidNow()).toBe(pid);
		const withoutLog = (lines: string[]) => lines.filter((line) => !line.startsWith('breakwater.log'));
		expect(withoutLog(state())).toEqual(withoutLog(before));
		expect(readFileSync(path('breakwater.log'), 'utf8')).not.toMatch(/PLANTED/);
	});

	test('runs one that speaks https, whoever signed its certificate and for whatever name', async () => {
		const { cert, key } = secondCertificate;
		writeFileSync(path('cert.pem'), cert);
		writeFileSync(path('key.pem'), key);
		configured();
		const file = path('config/gateway.yaml');
		const tls = '{ port: $1, tls: { cert: cert.pem, key: key.pem } }';
		writeFileSync(file, readFileSync(file, 'utf8').replace(/\{ port: (\d+) \}/, tls));
		const first = await bootstrap(own(), '--start');
		expect(first.stdout).toMatch(/It answers at https:\/\/127\.0\.0\.1:\d+ \(process \d+/);
		expect(first.stdout).toMatch(/(\d+) of \1 findings are well/);
		expect(first.code).toBe(0);
		const again = await bootstrap(own(), '--start');
		expect(again.stdout).toMatch(/It runs already at https:/);
		expect(again.code).toBe(0);
	});

	test('starts it again where it has died and left its pid file', async () => {
		configured();
		await bootstrap(own(), '--start');
		const pid = pidNow();
		await stop();
		const again = await bootstrap(own(), '--start');
		expect(again.steps).toContain('serve done');
		expect(pidNow()).not.toBe(pid);
		expect(isAlive(pidNow())).toBe(true);
	});

	test('tells the curl line, which works as it stands', async () => {
		configured();
		const { stdout } = await bootstrap(own(), '--start');
		const [line = ''] = /curl http.*/.exec(stdout) ?? [];
		const { stdout: answer } = await promisify(exec)(line.replace('curl', 'curl -s --max-time 8'));
		expect(JSON.parse(answer)).toMatchObject({ object: 'chat.completion' });
		for (const tool of ['Python', 'Node', 'LangChain', 'Aider', 'Continue', 'Open WebUI', 'Claude Code', 'Codex']) {
			expect(stdout).toContain(tool);
		}
		expect(stdout).toContain(`export ANTHROPIC_BASE_URL=${address()} `);
	});

	test('does not start on a port that another program has, and says so at the end too', async () => {
		const other = await startServer((_request, response) => response.end('hello'));
		open.push(other);
		port = other.port;
		configured();
		const { code, steps, stdout } = await bootstrap(own(), '--start');
		expect(code).toBe(1);
		expect(steps).toEqual(['discover done', 'init as it was', 'check done', 'serve NOT DONE', 'selfcheck NOT DONE']);
		expect(stdout).toMatch(new RegExp(`Not done:\n  serve: Port ${port} on 127.0.0.1 is in use by another program`));
		expect(existsSync(path('breakwater.pid'))).toBe(false);
	});

	test('takes no Breakwater with another configuration for its own', async () => {
		const other = commands.start('serve', '--port', port);
		await other.address();
		configured();
		const { code, stdout } = await bootstrap(own(), '--start');
		expect(code).toBe(1);
		expect(stdout).toMatch(/serve +NOT DONE +The Breakwater that runs at .* has another configuration/);
	});

	test('says when the one that runs was started before the configuration was changed', async () => {
		configured();
		await bootstrap(own(), '--start');
		const later = new Date(Date.now() + 60_000);
		utimesSync(path('config/gateway.yaml'), later, later);
		const { code, stdout } = await bootstrap(own(), '--start');
		expect(code).toBe(1);
		expect(stdout).toMatch(/was started before config\/gateway\.yaml was changed; stop it/);
	});

	test('says what the proxy said when it ends at once, and leaves no pid file', async () => {
		// A folder that is a file: the check cannot know, and the start fails.
		writeFileSync(path('blocked'), '');
		configured('logs: { folder: blocked/logs }\n');
		const { code, stdout } = await bootstrap(own(), '--start');
		expect(code).toBe(1);
		expect(stdout).toMatch(/serve +NOT DONE +It ended at once: .*blocked/);
		expect(existsSync(path('breakwater.pid'))).toBe(false);
	});

	test('interrupted while it starts, leaves nothing running and nothing half-written', async () => {
		configured();
		const command = commands.startWith({ ...noLocalServers, ...own() }, 'bootstrap', '--port', port, '--start');
		await soon(() => expect(existsSync(path('breakwater.pid'))).toBe(true), 100_000);
		const pid = pidNow();
		command.kill('SIGINT');
		expect(await command.exit).toBe(1);
		await soon(() => expect(isAlive(pid)).toBe(false));
		expect(
			readdirSync(commands.folder)
				.filter((name) => !name.startsWith('.npm'))
				.sort(),
		).toEqual(['breakwater.log', 'config']);
		expect(readdirSync(path('config'))).toEqual(['gateway.yaml']);
	});
});

describe('bootstrap', () => {
	test('starts nothing that it was not asked to', async () => {
		const { code, steps, stdout } = await bootstrap(own(), ...ownModel);
		expect(code).toBe(0);
		expect(steps).toEqual([
			'discover done',
			'init done',
			'check done',
			'serve not asked for',
			'selfcheck not asked for',
		]);
		expect(stdout).toMatch(/Once it runs, point your tools at it/);
		expect(existsSync(path('breakwater.pid'))).toBe(false);
	});

	test('with nothing to configure offers the simulator, and writes nothing', async () => {
		const { code, steps, stdout } = await bootstrap({}, '--start');
		expect(code).toBe(1);
		const unreached = ['check NOT DONE', 'serve NOT DONE', 'selfcheck NOT DONE'];
		expect(steps).toEqual(['discover done', 'init NOT DONE', ...unreached]);
		expect(stdout).toMatch(/Not done:\n {2}init: .*--simulated/);
		expect(readdirSync(commands.folder)).toEqual([]);
	});

	test('does not go on with a configuration that has mistakes', async () => {
		mkdirSync(path('config'));
		writeFileSync(path('config/gateway.yaml'), 'providers: {}\n');
		const { code, steps, stdout } = await bootstrap(own(), '--start');
		expect(code).toBe(1);
		const unreached = ['check NOT DONE', 'serve NOT DONE', 'selfcheck NOT DONE'];
		expect(steps).toEqual(['discover done', 'init NOT DONE', ...unreached]);
		expect(stdout).toMatch(/config\/gateway\.yaml:1:\d+: `providers` is empty/);
		expect(readFileSync(path('config/gateway.yaml'), 'utf8')).toBe('providers: {}\n');
	});

	test('says which wishes a configuration that stays does not fulfil', async () => {
		configured();
		port = await freePort();
		const { stdout } = await bootstrap(own(), '--default-model', 'own/else');
		expect(stdout).toMatch(
			/init +as it was .*--default-model was ignored: own\/gpt-5\.4 comes first in it\. --port was ignored/,
		);
	});

	test('lists a provider that it had to leave out as not done', async () => {
		const { code, stdout } = await bootstrap({ ...own(), GROQ_API_KEY: 'PLANTED' }, ...ownModel);
		expect(code).toBe(1);
		expect(stdout).toMatch(/Not done:\n {2}init: groq was left out: GROQ_API_KEY does not look like/);
	});
});

describe('bootstrap --systemd', () => {
	/** A systemd that runs what the unit says, as far as a shell understands it. */
	function fakeSystemctl(): Record<string, string> {
		mkdirSync(path('bin'));
		const script = `#!/bin/sh
echo "$*" >> "$HOME/systemctl.log"
unit="$HOME/.config/systemd/user/breakwater.service"
case "$2" in
show-environment) echo "HOME=$HOME" ;;
is-active) test -f "$HOME/breakwater.pid" && kill -0 "$(cat "$HOME/breakwater.pid")" ;;
restart)
	cd "$(sed -n 's/^WorkingDirectory=//p' "$unit")" || exit 1
	command="$(sed -n 's/^ExecStart=//p' "$unit")"
	unset OWN_API_KEY OWN_BASE_URL
	eval "exec setsid $command" > "$HOME/service.log" 2>&1 < /dev/null &
	echo $! > "$HOME/breakwater.pid"
	;;
esac
`;
		writeFileSync(path('bin/systemctl'), script);
		chmodSync(path('bin/systemctl'), 0o755);
		return { PATH: `${path('bin')}:${process.env.PATH}` };
	}

	test('installs a service that answers, and a second time changes nothing', async () => {
		writeFileSync(path('.env'), `OWN_BASE_URL=${upstream.baseUrl}\nOWN_API_KEY=PLANTED\n`);
		configured();
		const first = await bootstrap(fakeSystemctl(), '--systemd');
		expect(first.steps).toContain('serve done');
		const unit = readFileSync(path('.config/systemd/user/breakwater.service'), 'utf8');
		expect(unit).toMatch(/^ExecStart=.* serve --config .*\/config\/gateway\.yaml$/m);
		expect(unit).not.toMatch(/PLANTED/);
		expect(readFileSync(path('systemctl.log'), 'utf8')).toMatch(
			/--user daemon-reload\n--user enable breakwater\.service\n--user restart/,
		);

		const pid = pidNow();
		const second = await bootstrap({ PATH: `${path('bin')}:${process.env.PATH}` }, '--systemd');
		expect(second.steps).toContain('serve as it was');
		expect(pidNow()).toBe(pid);
	});

	test('installs none that would not see its keys', async () => {
		configured();
		const { code, stdout } = await bootstrap({ ...own(), ...fakeSystemctl() }, '--systemd');
		expect(code).toBe(1);
		expect(stdout).toMatch(
			/serve +NOT DONE +A service does not see this shell's OWN_BASE_URL, OWN_API_KEY; write them into \.env/,
		);
		expect(existsSync(path('.config'))).toBe(false);
	});

	test('says so where no systemd runs', async () => {
		configured();
		mkdirSync(path('bin'));
		writeFileSync(path('bin/systemctl'), '#!/bin/sh\nexit 1\n');
		chmodSync(path('bin/systemctl'), 0o755);
		const { code, stdout } = await bootstrap({ ...own(), PATH: `${path('bin')}:${process.env.PATH}` }, '--systemd');
		expect(code).toBe(1);
		expect(stdout).toMatch(/No systemd of this user runs here/);
		expect(existsSync(path('.config'))).toBe(false);
	});

	test('leaves a unit alone that it did not write', async () => {
		writeFileSync(path('.env'), `OWN_BASE_URL=${upstream.baseUrl}\nOWN_API_KEY=PLANTED\n`);
		mkdirSync(path('.config/systemd/user'), { recursive: true });
		writeFileSync(path('.config/systemd/user/breakwater.service'), '# mine\n');
		configured();
		const { code, stdout } = await bootstrap(fakeSystemctl(), '--systemd');
		expect(code).toBe(1);
		expect(stdout).toMatch(/is not of this making/);
		expect(readFileSync(path('.config/systemd/user/breakwater.service'), 'utf8')).toBe('# mine\n');
	});
});
