import { judge, judgementText } from '../check/judge.ts';
import type { ReadConfig } from '../config/load.ts';
import { UserError } from './user-error.ts';

/**
 * The guard at the door of `serve`: prints what an expert would warn of, and refuses what would do harm.
 * @param write where warnings go, a line each
 * @throws UserError with every error of the configuration, and how to start all the same
 */
export function guardConfig(read: ReadConfig, write: (line: string) => void): void {
	const { file } = read.config;
	const judgements = judge(read).filter(({ severity }) => severity !== 'note');
	const lines = judgements.map((judgement) => judgementText(file, judgement));
	if (judgements.some(({ severity }) => severity === 'error')) {
		throw new UserError(
			[
				...lines,
				'This configuration would do harm, so nothing was started; correct it, or start it anyway with --no-check.',
			].join('\n'),
		);
	}
	for (const line of lines) write(`${line}\n`);
}
