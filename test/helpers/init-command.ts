import { join } from 'node:path';
import { expect } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Commands } from './command.ts';
import { freePort, noLocalServers } from './model-server.ts';
import { typeOnTerminal } from './terminal.ts';

/** The environment of a test whose `init` is to find two providers. */
export const plantedKeys = { OPENAI_API_KEY: 'sk-PLANTED1', GROQ_API_KEY: 'gsk_PLANTED2' };

/** `breakwater init` in a folder of its own, for a port that is free, where no local server is but those of the test. */
export class InitCommand {
	readonly commands = new Commands();
	/** For which it is run. */
	port: string;

	private constructor(port: string) {
		this.port = port;
	}

	static async prepare(): Promise<InitCommand> {
		return new InitCommand(await freePort());
	}

	/** Runs it to its end; no planted key and no stack may be in what it says. */
	async run(
		env: Record<string, string>,
		...args: string[]
	): Promise<{ code: number | null; stdout: string; stderr: string }> {
		const environment = { ...noLocalServers, ...env };
		const {
			exit: code,
			stdout,
			stderr,
		} = await this.commands.runWith(environment, 'init', '--port', this.port, ...args);
		expect(stdout + stderr).not.toMatch(/PLANTED|\.ts:\d/);
		return { code, stdout, stderr };
	}

	/** Runs it on a terminal, on which all these answers are typed. */
	async type(
		env: Record<string, string>,
		answers: [RegExp, string][],
	): Promise<{ code: number | null; shown: string }> {
		const environment = { ...noLocalServers, ...env };
		const { code, text, untyped } = await typeOnTerminal(
			this.commands,
			environment,
			['init', '--port', this.port],
			answers,
		);
		expect(untyped).toEqual([]);
		expect(text).not.toMatch(/PLANTED/);
		return { code, shown: text };
	}

	/** Where it writes. */
	path(file = 'config/gateway.yaml'): string {
		return join(this.commands.folder, file);
	}

	/** What it wrote. */
	written(env: Record<string, string>): Config {
		return loadConfig(this.path(), env);
	}
}
