/**
 * The load generator, a process of its own so that it can be pinned and its CPU use measured by itself. `run.ts` starts it
 * and sends it the name and arguments of one of `commands` at a time; it answers with the result or the error.
 */
import { firstToken, hold, openStreams, release } from './streams.ts';
import { throughput } from './throughput.ts';

const commands = { throughput, firstToken, openStreams, hold, release };

export type Commands = typeof commands;
export interface Command {
	name: keyof Commands;
	args: unknown[];
}
export type Reply = { result: unknown } | { error: string };

async function obey({ name, args }: Command): Promise<Reply> {
	const work: (...args: never[]) => Promise<unknown> = commands[name];
	try {
		return { result: await work(...(args as never[])) };
	} catch (error) {
		return { error: error instanceof Error ? error.message : String(error) };
	}
}

process.on('message', async (command: Command) => process.send?.(await obey(command)));
process.on('disconnect', () => process.exit());
