import { createInterface } from 'node:readline/promises';
import { UserError } from '../values/user-error.ts';

/** Asks on the terminal. */
export interface Questions {
	/** @param preset what an empty answer means; it is shown. @returns without spaces around it */
	ask(question: string, preset: string): Promise<string>;
	/** An empty answer is a yes. */
	agree(question: string): Promise<boolean>;
}

/**
 * Lets someone be asked on the terminal, and gives it back afterwards.
 * @throws UserError when they leave with Ctrl-C or Ctrl-D
 */
export async function withQuestions<T>(use: (questions: Questions) => Promise<T>): Promise<T> {
	const terminal = createInterface({ input: process.stdin, output: process.stdout });
	const left = new AbortController();
	terminal.on('SIGINT', () => left.abort());
	terminal.on('close', () => left.abort());
	const ask = async (question: string, preset: string) => {
		const answer = await terminal.question(`${question} [${preset}] `, { signal: left.signal });
		return answer.trim() || preset;
	};
	try {
		return await use({ ask, agree: async (question) => /^y(es)?$/i.test(await ask(question, 'yes')) });
	} catch (error) {
		if (!left.signal.aborted) throw error;
		process.stdout.write('\n');
		throw new UserError('Stopped; nothing was written.');
	} finally {
		terminal.close();
	}
}
